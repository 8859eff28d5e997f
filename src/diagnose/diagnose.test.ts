import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadModel } from '../engine/index.js';
import {
  type DiagnoseMetrics,
  type DiagnoseOptions,
  diagnose,
  diagnoseConfig,
} from './diagnose.js';
import {
  lexicalPairs,
  type Mechanism,
  plantedPairs,
  plantedReviews,
  plantModel,
} from './testing/planted.js';
import type { Answer, Question } from './verdict/verdict.js';

const root = mkdtempSync(join(tmpdir(), 'suture-diagnose-'));
process.env.SUTURE_CACHE = join(root, 'cache');
afterAll(() => rmSync(root, { recursive: true, force: true }));

const config = diagnoseConfig.parse({
  gap: { forms: ['asked', 'plain', 'json'], maxNewTokens: 16 },
  probe: { positions: ['decision'], shuffles: 2 },
  patch: { pairsPerBase: 2, places: ['decision'], randoms: 2 },
});

/** A diagnosis of a planted model, on prompts of one wording. */
async function diagnosed(
  mechanism: Mechanism,
  options: Partial<DiagnoseOptions> = {},
): Promise<DiagnoseMetrics> {
  const dir = join(root, mechanism);
  plantModel(dir, mechanism);
  const model = await loadModel(dir, { threads: 1 });
  const all = mechanism === 'lexical' ? lexicalPairs() : plantedPairs();
  const pairs = all.filter(({ form }) => form === 'Complete');
  try {
    return await diagnose(model, {
      pairs,
      tasks: { pairs, reviewItems: plantedReviews() },
      config,
      out: join(root, `run-${mechanism}`),
      about: { suture: 'test', cwe: 'CWE-787', pairs: mechanism },
      ...options,
    });
  } finally {
    await model.close();
  }
}

type Wanted = Record<Question, Partial<Answer>>;
const yes = (layer?: number): Partial<Answer> => ({
  answer: 'yes',
  ...(layer !== undefined && { layer }),
});
const no = (short: string): Partial<Answer> => ({ answer: 'no', short });
const open = (short: string): Partial<Answer> => ({ answer: 'cannot tell', short });

describe('planted truth is found', () => {
  it.each<[Mechanism, Wanted]>([
    [
      'written',
      {
        gap: yes(),
        decodable: yes(2),
        acts: yes(2),
        inert: no('acts from layer 2'),
        'one-layer': yes(2),
        format: open('cannot tell'),
      },
    ],
    [
      'inert',
      {
        gap: yes(),
        decodable: yes(1),
        acts: yes(5),
        inert: yes(),
        'one-layer': yes(5),
        format: open('cannot tell'),
      },
    ],
    [
      'distributed',
      {
        gap: yes(),
        decodable: yes(1),
        acts: yes(1),
        inert: no('acts from layer 1'),
        'one-layer': no('at most 20 %'),
        format: open('cannot tell'),
      },
    ],
    [
      'lexical',
      {
        gap: yes(),
        decodable: no('words suffice'),
        acts: yes(2),
        inert: no('acts from layer 2'),
        'one-layer': yes(2),
        format: open('cannot tell'),
      },
    ],
    [
      'absent',
      {
        gap: yes(),
        decodable: no('not decodable'),
        acts: no('nowhere'),
        inert: open('nothing to be inert'),
        'one-layer': open('nothing to move'),
        format: open('cannot tell'),
      },
    ],
    [
      'no-gap',
      {
        gap: no('no gap'),
        decodable: yes(2),
        acts: no('nowhere'),
        inert: open('nothing to move'),
        'one-layer': open('nothing to move'),
        format: no('no'),
      },
    ],
    [
      'format',
      {
        gap: no('no gap'),
        decodable: yes(2),
        acts: no('nowhere'),
        inert: open('nothing to move'),
        'one-layer': open('nothing to move'),
        format: yes(),
      },
    ],
  ])('%s', async (mechanism, wanted) => {
    const { answers } = await diagnosed(mechanism);
    for (const answer of answers) {
      expect(answer).toMatchObject(wanted[answer.question]);
    }
  });
});

describe('a run that was cut off', () => {
  const patch = { pairsPerBase: 1, places: ['decision'], randoms: 1 };
  const few = { config: diagnoseConfig.parse({ stages: ['lens', 'patch'], patch }) };

  it('goes on where it stopped, in the middle of a stage, and ends as one that was not', async () => {
    const whole = await diagnosed('written', { ...few, out: join(root, 'whole') });
    const out = join(root, 'cut');
    const stop = new AbortController();
    const began: string[] = [];
    const cut = diagnosed('written', {
      ...few,
      out,
      signal: stop.signal,
      onProgress: (stage, done) => {
        began.push(stage);
        if (stage === 'patch: patching, pair 3 of 7' && done > 0) stop.abort();
      },
    });
    await expect(cut).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(began).toContain('lens: insecure prompts');
    expect(existsSync(join(out, 'metrics.json'))).toBe(false);

    const went: string[] = [];
    const rest = await diagnosed('written', {
      ...few,
      out,
      onProgress: (stage, done) => went.push(`${stage} ${done}`),
    });
    expect(went[0]).toMatch(/^patch: patching, pair 3 of 7/);
    expect({ ...rest, seconds: 0 }).toEqual({ ...whole, seconds: 0 });
    const saved = JSON.parse(readFileSync(join(out, 'metrics.json'), 'utf8'));
    expect(saved.answers).toEqual(rest.answers);

    const config = diagnoseConfig.parse({ stages: ['lens', 'patch'], patch, seed: 7 });
    await expect(diagnosed('written', { config, out })).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
      message: expect.stringMatching(/config\.seed is 0 there and 7 now/),
    });
  });
});
