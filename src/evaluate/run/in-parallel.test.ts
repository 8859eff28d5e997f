import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { inParallel } from './in-parallel.js';

it('does all jobs, never more than so many at a time', async () => {
  const done: number[] = [];
  let running = 0;
  let most = 0;
  await inParallel([0, 1, 2, 3, 4, 5, 6], 3, async (job) => {
    most = Math.max(most, ++running);
    await turn();
    running--;
    done.push(job);
  });
  expect(done.sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(most).toBe(3);
  await inParallel([], 3, () => Promise.reject(new Error('no job')));
});

it('the first failure ends the others and is thrown', async () => {
  const begun: number[] = [];
  const running = inParallel([0, 1, 2, 3, 4, 5], 2, async (job, signal) => {
    begun.push(job);
    await turn();
    if (job === 1) throw new Error('one');
    signal.throwIfAborted();
  });
  await expect(running).rejects.toThrow('one');
  expect(begun.length).toBeLessThan(5);
});

it('stops when it is told to', async () => {
  const stop = new AbortController();
  let begun = 0;
  const running = inParallel(
    [0, 1, 2],
    1,
    async () => {
      begun++;
      stop.abort();
    },
    stop.signal,
  );
  await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(begun).toBe(1);
});
