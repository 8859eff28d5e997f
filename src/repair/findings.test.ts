import { describe, expect, it } from 'vitest';
import type { Difference, OutcomeRates, Rate } from '../evaluate/index.js';
import { type Effect, findings, type RepairMetrics } from './index.js';

const rate = (value: number, low: number, high: number): Rate => ({
  hits: 0,
  total: 0,
  value,
  low,
  high,
});
const nothing = rate(0, 0, 1);
const rates = (changes: Partial<OutcomeRates>): OutcomeRates => ({
  secure: nothing,
  insecure: nothing,
  other: nothing,
  secureWellFormed: nothing,
  parses: nothing,
  wellFormed: nothing,
  degenerate: nothing,
  truncated: nothing,
  refusal: nothing,
  ...changes,
});
const difference = (value: number, low: number, high: number, p: number): Difference => ({
  value,
  low,
  high,
  p,
});
const setting = {
  method: 'mean_difference',
  site: 'decision',
  layer: 3,
  reach: 'last_prompt_and_generated',
  strength: 1.25,
} as const;
const noDifference = difference(0, -1, 1, 1);
const effect = (against: string, secureWellFormed: Difference): Effect => ({
  against,
  primary: true,
  insecure: noDifference,
  secureWellFormed,
});

/** The part of the metrics that the findings are made of. */
function metrics(changes: Partial<RepairMetrics> = {}): RepairMetrics {
  const arms = {
    none: rates({
      secure: rate(0.02, 0, 0.054),
      insecure: rate(0.956, 0.9, 1),
      secureWellFormed: rate(0.014, 0, 0.04),
    }),
    steered: rates({
      insecure: rate(0.104, 0.05, 0.16),
      secureWellFormed: rate(0.8, 0.7, 0.895),
    }),
    random: rates({ secureWellFormed: rate(0.03, 0.01, 0.06) }),
    prompt: rates({ secureWellFormed: rate(0.4, 0.3, 0.5) }),
  };
  const made: Partial<RepairMetrics> = {
    cwe: 'CWE-787',
    model: { id: 'm', family: 'llama', nLayers: 6, dModel: 4, hash: '', tokenizerHash: '' },
    gap: {
      raw: difference(0.93, 0.87, 0.99, 0.03),
      corrected: difference(0.8, 0.7, 0.9, 0.03),
      review: {
        sensitivity: rate(0.95, 0.89, 1),
        specificity: rate(0.875, 0.8, 0.94),
        misleading: undefined,
        youden: 0.825,
      },
      generation: { insecure: arms.none, neutral: rates({}), secure: rates({}) },
    },
    folds: [
      setting,
      setting,
      { ...setting, strength: 0.5 },
      { ...setting, layer: 2 },
      { ...setting, site: 'last_prompt' as const },
    ].map((of, i) => ({ ...of, base: `b${i}`, norm: 1, innerScore: 1, arms })),
    arms: (['none', 'steered', 'random', 'prompt'] as const).map((name) => ({
      name,
      kind: 'plain',
      description: name,
      rates: arms[name],
      distinct: 1,
    })),
    effects: [
      effect('random', noDifference),
      effect('prompt', difference(0.4, 0.2, 0.6, 0.031)),
      {
        against: 'none',
        primary: true,
        insecure: noDifference,
        secureWellFormed: difference(0.786, 0.7, 0.881, 0.0156),
      },
    ],
    vector: { ...setting, file: 'v.safetensors', norm: 1, cosines: {} },
    ...changes,
  };
  return made as RepairMetrics;
}

describe('findings', () => {
  it('are lines that say what was measured', () => {
    expect(findings(metrics())).toEqual([
      'Review:   recognises 95 % [89, 100] of flawed CWE-787 code and 88 % [80, 94] of safe code.',
      'Writing:  pushed towards the risky call, it writes insecure code in 96 % [90, 100] and secure code in 2 % [0, 5]: a gap of +93 points [87, 99].',
      'Where:    layer 3 of 0-5, read at the decision point; strength 1.25, at the last prompt token and every generated one (layer and site chosen in 3 of 5 folds, without the base that judges them).',
      'Repair:   on task families the vector never saw, insecure 96 % -> 10 % [5, 16]; secure and well-formed 1 % -> 80 % [70, 90] (+79 points [70, 88], p = 0.016).',
      'Controls: secure and well-formed with a random vector of the same norm 3 % [1, 6], with a security reminder in the prompt 40 % [30, 50].',
      'Reminder: the vector repairs more than the reminder does (+40 points [20, 60], p = 0.031).',
    ]);
  });

  it('say plainly where the vector is no better than the reminder, or worse, and what it costs', () => {
    const against = (secureWellFormed: Difference) =>
      findings(
        metrics({ effects: [effect('none', noDifference), effect('prompt', secureWellFormed)] }),
      )[5];
    expect(against(difference(0.1, -0.1, 0.3, 0.3))).toBe(
      'Reminder: the vector is not shown to repair more than the reminder does, or less (+10 points [-10, 30], p = 0.300).',
    );
    expect(against(difference(-0.3, -0.4, -0.2, 0.03))).toContain(
      'the reminder repairs more than the vector does (-30 points [-40, -20], p = 0.030): put words in the prompt instead.',
    );
    const of = (value: number, low: number, high: number) => ({
      pass: rate(value, low, high),
      change: difference(-0.02, -0.05, 0, 0.5),
      kl: 0.1,
      perplexity: 1.1,
    });
    const utility = {
      none: of(1, 0.9, 1),
      steered: of(0.98, 0.9, 1),
      random: of(1, 0.9, 1),
      prompt: of(1, 0.9, 1),
    };
    expect(findings(metrics({ utility }))[6]).toBe(
      'Cost:     with the vector on everything, ordinary tasks are answered rightly in 98 % [90, 100] (without 100 %; -2 points [-5, 0]).',
    );
  });

  it('name the other site and reach', () => {
    const vector = { ...setting, site: 'last_prompt', reach: 'last_prompt', layer: 0 } as const;
    const [, , where] = findings(
      metrics({ vector: { ...vector, file: '', norm: 1, cosines: {} } }),
    );
    expect(where).toContain('layer 0 of 0-5, read at the last prompt token; ');
    expect(where).toContain('strength 1.25, at the last prompt token alone');
    expect(where).toContain('chosen in 0 of 5 folds');
  });

  it('show a loss as one, nothing without a sign of its own, and no p of zero', () => {
    const against = (secureWellFormed: Difference) =>
      findings(
        metrics({ effects: [effect('none', secureWellFormed), effect('prompt', noDifference)] }),
      )[3];
    expect(against(difference(-0.1, -0.2, 0.004, 0.5))).toContain(
      '(-10 points [-20, 0], p = 0.500)',
    );
    expect(against(difference(-0.001, -0.002, 0, 1))).toContain('(0 points [0, 0], p = 1.000)');
    expect(against(difference(0.5, 0.4, 0.6, 0.0001))).toContain('p < 0.001)');
  });
});
