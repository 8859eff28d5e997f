import { SutureError } from '../../core/index.js';

/**
 * Does all jobs, so many at a time and begun in order. The first failure ends the others by their signal.
 * @throws what the first failed job threw; {SutureError} INTERRUPTED when the caller's signal fires
 * @example
 * await inParallel(urls, 4, async (url, signal) => void (await fetch(url, { signal })));
 */
export async function inParallel<T>(
  jobs: readonly T[],
  atOnce: number,
  work: (job: T, signal: AbortSignal) => Promise<void>,
  outer?: AbortSignal,
): Promise<void> {
  const failure = new AbortController();
  const signal = outer ? AbortSignal.any([outer, failure.signal]) : failure.signal;
  const waiting = [...jobs];
  const worker = async () => {
    for (let job = waiting.shift(); job !== undefined && !signal.aborted; job = waiting.shift()) {
      await work(job, signal);
    }
  };
  await Promise.allSettled(
    Array.from({ length: Math.min(atOnce, jobs.length) }, () =>
      worker().catch((thrown) => failure.abort(thrown)),
    ),
  );
  if (outer?.aborted) throw new SutureError('INTERRUPTED', 'Interrupted.', { cause: outer.reason });
  if (failure.signal.aborted) throw failure.signal.reason;
}
