import { describe, expect, it } from 'vitest';
import type { GenerateOptions, Model } from '../engine/index.js';
import type { Journal } from '../evaluate/index.js';
import type { Candidate } from '../steer/index.js';
import type { ChatMessage } from '../text/index.js';
import { isReference, type OrdinaryTask, ordinaryLoss, splitTasks } from './utility.js';

const task = (family: string, variant: string): OrdinaryTask => ({
  id: `${family}/${variant}`,
  prompt: `write ${family} ${variant}`,
  reference: `${family} ${variant}`,
});
const tasks = ['gcd', 'max', 'sum', 'sort'].flatMap((family) =>
  ['a', 'b'].map((variant) => task(family, variant)),
);

describe('splitTasks', () => {
  it('keeps families whole, and the most of them for judging', () => {
    const { bound, judged } = splitTasks(tasks);
    expect(bound.map(({ id }) => id)).toEqual(['max/a', 'max/b']);
    expect(judged.map(({ id }) => id)).toEqual(tasks.map(({ id }) => id).toSpliced(2, 2));
  });
  it('of nothing is nothing', () => expect(splitTasks([])).toEqual({ bound: [], judged: [] }));
});

describe('ordinaryLoss', () => {
  /** Answers rightly, but under edits of scale s only tasks whose family is longer than s. */
  const model = () => {
    const asked: number[] = [];
    const generate = async (
      { messages }: { messages: ChatMessage[][] },
      { interventions = [] }: GenerateOptions,
    ) => {
      asked.push(messages.length);
      return {
        samples: messages.map(([message], prompt) => {
          const right = message!.content.slice('write '.length);
          const edit = interventions.find(({ rows }) => rows?.includes(prompt));
          const scale = edit && 'scale' in edit ? edit.scale! : 0;
          const text = right.split(' ')[0]!.length > scale ? `\n${right}\n` : 'rubbish';
          return { prompt, sample: 0, text };
        }),
      };
    };
    return { asked, model: { generate } as unknown as Model };
  };
  const journal = (): Journal<number> => {
    const known = new Map<string, number>();
    return { get: (key) => known.get(key), add: (key, value) => void known.set(key, value) };
  };
  const candidate = (strength: number): Candidate => ({
    method: 'mean_difference',
    site: 'decision',
    layer: 1,
    reach: 'last_prompt_and_generated',
    strength,
    score: 0,
    other: 0,
    degenerate: 0,
    parses: 1,
    vector: Float32Array.of(1),
    until: [],
  });

  it('is the share of right answers that each candidate loses', async () => {
    const { model: fake } = model();
    const lossOf = await ordinaryLoss(fake, tasks, {
      maxNewTokens: 8,
      isRight: isReference,
      journal: journal(),
    });
    expect(await lossOf!('base a')([candidate(1), candidate(3), candidate(4)])).toEqual([
      0, 0.75, 1,
    ]);
  });
  it('is measured once for each who asks', async () => {
    const { model: fake, asked } = model();
    const kept = journal();
    for (const run of [1, 2]) {
      const lossOf = await ordinaryLoss(fake, tasks, {
        maxNewTokens: 8,
        isRight: isReference,
        journal: kept,
      });
      for (const one of ['a', 'b']) {
        expect(await lossOf!(one)([candidate(1), candidate(3)]), `run ${run}`).toEqual([0, 0.75]);
      }
    }
    expect(asked).toEqual([8, 16, 16, 8]);
  });
  it('is none without tasks', async () => {
    const { model: fake } = model();
    expect(
      await ordinaryLoss(fake, [], { maxNewTokens: 8, isRight: isReference, journal: journal() }),
    ).toBeUndefined();
  });
});
