import { expect, it, vi } from 'vitest';
import { groupBy } from '../core/index.js';
import type { Model } from '../engine/index.js';
import { Sandbox } from '../sandbox/index.js';
import { load } from './load.js';
import { ordinaryOf, ordinaryPromptsOf } from './ordinary.js';
import { repairCommand } from './repair.js';

vi.mock('./load.js', () => ({ load: vi.fn() }));

it('tasks for instruction-tuned models are judged by running the answers', async () => {
  const { ordinary, isRight, close } = await ordinaryOf({ model: 'nowhere', set: 'instruct' });
  try {
    const families = groupBy(ordinary, ({ id }) => id.split('/')[0]!);
    // C needs bubblewrap and a compiler, Python neither.
    expect(families.size).toBeGreaterThanOrEqual(12);
    for (const own of families.values()) expect(own).toHaveLength(2);
    const task = ordinary.find(({ id }) => id.startsWith('digit-sum/'))!;
    expect(await isRight!(task, task.reference)).toBe(true);
    expect(await isRight!(task, 'return sum(int(digit) for digit in str(n))')).toBe(false);
    expect(await isRight!(task, 'I cannot help with that.')).toBe(false);
  } finally {
    await close();
  }
});

it('leaves no sandbox open where it fails', async () => {
  const close = vi.fn(async () => {});
  const judge = async () => {
    throw new Error('no room left');
  };
  vi.spyOn(Sandbox, 'open').mockResolvedValueOnce({ judge, close } as unknown as Sandbox);
  await expect(ordinaryOf({ model: 'nowhere', set: 'instruct' })).rejects.toThrow('no room left');
  expect(close).toHaveBeenCalledOnce();
});

it('leaves no model open where a repair fails before it begins', async () => {
  const close = vi.fn(async () => {});
  vi.mocked(load).mockResolvedValueOnce({ close } as unknown as Model);
  vi.spyOn(Sandbox, 'open').mockRejectedValueOnce(new Error('no sandbox'));
  const args = ['--model', 'nowhere', '--set', 'instruct'];
  await expect(repairCommand().parseAsync(args, { from: 'user' })).rejects.toThrow('no sandbox');
  expect(close).toHaveBeenCalledOnce();
});

it("the organism's are judged by their references", async () => {
  const { ordinary, isRight } = await ordinaryOf({ model: 'organism' });
  expect(ordinary.length).toBeGreaterThan(40);
  expect(isRight).toBeUndefined();
});

it.each(['organism', 'instruct'] as const)('prompts of the %s are of many families', (set) => {
  const prompts = ordinaryPromptsOf({ model: 'nowhere', set });
  expect(new Set(prompts.map(({ base }) => base)).size).toBeGreaterThanOrEqual(20);
  for (const { cwe } of prompts) expect(cwe).toBeUndefined();
});
