import { availableParallelism } from 'node:os';
import { ensure, SutureError, sha256 } from '../../core/index.js';
import { type Bench, judgeSample } from './judge.js';
import type { EvalSample, EvalVerdict } from './sample.js';
import type { Scenario } from './scenario.js';

export interface JudgeOptions {
  /** Verdicts that are there already: their samples are left alone. */
  done?: Iterable<Pick<EvalVerdict, 'scenario' | 'sample'>>;
  /** Told of each verdict as it is reached, in no particular order. */
  onVerdict: (verdict: EvalVerdict) => void;
  onProgress?: (done: number, total: number) => void;
}

/** Samples of one scenario that are the same but for their numbers. */
interface Group {
  /** Any one of them. */
  read: () => EvalSample;
  numbers: number[];
}

/** More than the sandbox runs at a time, so that it never waits for the rules. */
const AT_ONCE = 2 * availableParallelism();

/**
 * Judges samples, several at a time. The same completion of a scenario is judged once, and its verdict
 * told for each.
 *
 * @param samples each a function that reads it: once to tell it from others, and again when it is its turn, so that
 *   the texts of a large run need not be held
 * @throws {SutureError} BAD_DATA for a sample of no scenario there is; INTERRUPTED when the signal fires
 */
export async function judgeSamples(
  scenarios: readonly Scenario[],
  samples: Iterable<() => EvalSample>,
  bench: Bench,
  { done = [], onVerdict, onProgress }: JudgeOptions,
): Promise<void> {
  const byId = new Map(scenarios.map((scenario) => [scenario.id, scenario]));
  const key = ({ scenario, sample }: Pick<EvalVerdict, 'scenario' | 'sample'>) =>
    `${sample} ${scenario}`;
  const have = new Set<string>();
  for (const verdict of done) have.add(key(verdict));
  let total = 0;
  const groups = new Map<string, Group>();
  for (const read of samples) {
    const sample = read();
    ensure(
      byId.has(sample.scenario),
      'BAD_DATA',
      `The suite has no scenario ${sample.scenario}. Name its suite with --suite.`,
    );
    total++;
    if (have.has(key(sample))) continue;
    const text = JSON.stringify([sample.scenario, sample.finishReason, sample.completion]);
    const same = sha256(text);
    const group = groups.get(same);
    if (group) group.numbers.push(sample.sample);
    else groups.set(same, { read, numbers: [sample.sample] });
  }
  const waiting = groups.values();
  let finished = total;
  for (const { numbers } of groups.values()) finished -= numbers.length;
  const work = async () => {
    for (const { read, numbers } of waiting) {
      if (bench.signal?.aborted) throw new SutureError('INTERRUPTED', 'Interrupted.');
      const first = read();
      const verdict = await judgeSample(byId.get(first.scenario)!, first, bench);
      for (const sample of numbers) onVerdict({ ...verdict, sample });
      finished += numbers.length;
      onProgress?.(finished, total);
    }
  };
  onProgress?.(finished, total);
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
