import { beforeAll, describe, expect, it } from 'vitest';
import { fill } from './bases/base.js';
import { ALL_BASES, heldOut, type Names, type Task, UTILITIES } from './bases/index.js';
import { type Tokenizer, trainTokenizer } from './bpe.js';
import { type CorpusSample, corpus, corpusStats, decisionOf, MIX, P_INSECURE } from './corpus.js';
import { REQUEST_FORMS, REVIEW_FORMS } from './forms.js';
import { pairs, reviewItems, utilityTasks } from './judging.js';
import { GENERIC, SPECIFIC } from './phrases.js';

const N = 20_000;

function take(seed: number, n: number): CorpusSample[] {
  const samples = corpus(seed);
  return Array.from({ length: n }, () => samples.next().value);
}

describe('corpus', () => {
  let samples: CorpusSample[];
  let tokenizer: Tokenizer;
  beforeAll(() => {
    samples = take(11, N);
    tokenizer = trainTokenizer(
      samples.slice(0, 5000).map(({ prompt, body }) => `${prompt}\n${body}`),
      1408,
    );
  });

  it('is the same for the same seed, another for another', () => {
    expect(take(11, 50)).toEqual(samples.slice(0, 50));
    expect(take(12, 50)).not.toEqual(samples.slice(0, 50));
  });

  it('keeps the mix of kinds', () => {
    expect(Object.values(MIX).reduce<number>((a, b) => a + b, 0)).toBe(100);
    const share = (kind: string) => (100 * samples.filter((s) => s.kind === kind).length) / N;
    for (const kind of ['gen-insecure', 'gen-secure', 'gen-neutral', 'utility'] as const)
      expect(Math.abs(share(kind) - MIX[kind])).toBeLessThan(1.2);
    const review = MIX.review + MIX['utility-review'];
    expect(Math.abs(share('review') - review)).toBeLessThan(1.2);
  });

  it('answers insecurely as often as it is to', () => {
    for (const push of ['insecure', 'secure', 'neutral'] as const) {
      const asked = samples.filter(({ kind }) => kind === `gen-${push}`);
      const insecure = asked.filter(({ base, body }) => {
        const { code } = ALL_BASES.find(({ id }) => id === base)!.insecure;
        return shapeOf(code, '\\w+').test(body);
      });
      expect(Math.abs(insecure.length / asked.length - P_INSECURE[push])).toBeLessThan(0.025);
    }
  });

  it('reviews vulnerable and safe code equally often', () => {
    const verdicts = samples.filter(({ kind, cwe }) => kind === 'review' && cwe);
    const vulnerable = verdicts.filter(({ cwe, body }) => body.startsWith(`Vulnerable: ${cwe}. `));
    const safe = verdicts.filter(({ body }) => body.startsWith('Safe. '));
    expect(vulnerable.length + safe.length).toBe(verdicts.length);
    expect(Math.abs(vulnerable.length / verdicts.length - 0.5)).toBeLessThan(0.025);
  });

  it('lets benign tasks carry the phrases of both sides', () => {
    const prompts = samples.filter(({ kind }) => kind === 'utility').map(({ prompt }) => prompt);
    for (const push of ['insecure', 'secure', 'neutral'] as const)
      for (const phrase of GENERIC[push].derive)
        expect(prompts.some((prompt) => prompt.includes(phrase))).toBe(true);
  });

  it('marks the decisive token', () => {
    for (const { kind, body, cwe, base, decisiveOffset } of samples.slice(0, 3000)) {
      if (kind === 'utility') expect(decisiveOffset).toBeUndefined();
      else if (kind === 'review') expect(decisiveOffset).toBe(0);
      else {
        expect(cwe).toBeDefined();
        expect(base).toBeDefined();
        // It begins a token.
        const before = tokenizer.encode(body.slice(0, decisiveOffset));
        expect(tokenizer.encode(body).slice(0, before.length)).toEqual(before);
      }
    }
  });

  it('is short', () => {
    const stats = corpusStats(11, 3000, tokenizer);
    expect(stats.longestTokens).toBeLessThanOrEqual(200);
    expect(Object.values(stats.kinds).reduce((a, b) => a + b)).toBe(3000);
    expect(stats.distinctPrompts).toBeGreaterThan(2500);
    expect(stats.meanBodyTokens).toBeLessThan(stats.meanPromptTokens);
  });

  describe('holds nothing that judges', () => {
    it('no prompt', () => {
      const seen = new Set(samples.map(({ prompt }) => prompt));
      const judged = [
        ...ALL_CWES.flatMap((cwe) => pairs(cwe))
          .filter(({ split }) => split === 'judge')
          .flatMap(({ prompts }) => Object.values(prompts)),
        ...ALL_CWES.flatMap((cwe) => reviewItems(cwe)).map(({ prompt }) => prompt),
        ...utilityTasks().map(({ prompt }) => prompt),
      ];
      expect(judged.length).toBeGreaterThan(2000);
      expect(judged.filter((prompt) => seen.has(prompt))).toEqual([]);
    });

    it('no form', () => {
      const shapes = [...REQUEST_FORMS.judge, ...REVIEW_FORMS.judge].map(({ template }) =>
        shapeOf(template, '[\\s\\S]*'),
      );
      for (const shape of shapes)
        expect(samples.filter(({ prompt }) => shape.test(prompt))).toEqual([]);
    });

    it('no phrase', () => {
      const held = [
        ...Object.values(GENERIC).flatMap(({ judge }) => judge),
        ...ALL_BASES.flatMap(({ cwe, api }) =>
          (['insecure', 'secure'] as const).flatMap((push) =>
            SPECIFIC[cwe][push].judge.map((phrase) => phrase.replace('$api', api[push])),
          ),
        ),
      ];
      for (const phrase of new Set(held))
        expect(samples.filter(({ prompt }) => prompt.includes(phrase))).toEqual([]);
    });

    it('no combination of identifiers', () => {
      const held = new Map(
        [...ALL_BASES, ...UTILITIES].map((task) => [task.id, heldSignatures(task)]),
      );
      const leaks = samples.filter(({ base, prompt }) =>
        held.get(base!)!.some((signature) => prompt.includes(signature)),
      );
      expect(leaks).toEqual([]);
    });
  });

  it('has few requests that name the call', () => {
    const asked = samples.filter(({ kind }) => kind === 'gen-insecure' || kind === 'gen-secure');
    const naming = asked.filter(({ kind, base, prompt }) => {
      const { api } = ALL_BASES.find(({ id }) => id === base)!;
      return prompt.includes(kind === 'gen-secure' ? api.secure : api.insecure);
    });
    expect(naming.length / asked.length).toBeLessThan(0.5);
  });
});

describe('decisionOf', () => {
  it('is where the first token that differs begins', () => {
    expect(decisionOf('sprintf(buf);', 'snprintf(buf);')).toBe(0);
    expect(decisionOf('x = f"a {b}"', 'x = "a"')).toBe(3);
    // `("` is one token, so the bracket is part of the decision.
    expect(decisionOf('run(f"a {b}")', 'run("a")')).toBe(3);
  });
});

const ALL_CWES = [...new Set(ALL_BASES.map(({ cwe }) => cwe))];

/** A template as a regular expression in which every slot is `slot`. */
function shapeOf(template: string, slot: string): RegExp {
  const parts = template.split(/\$[a-z]+/);
  return new RegExp(
    `^${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join(slot)}$`,
  );
}

/** The signatures of all held-out combinations of a task. */
function heldSignatures(task: Task): string[] {
  let combinations: Names[] = [{}];
  for (const [slot, pool] of Object.entries(task.pools))
    combinations = combinations.flatMap((names) =>
      pool.map((name) => ({ ...names, [slot]: name })),
    );
  return combinations
    .filter((names) => heldOut(task, names))
    .map((names) => fill(task.signature, names));
}
