import { availableParallelism } from 'node:os';
import { ensure, SutureError } from '../../core/index.js';
import { type Bench, judgeSample } from './judge.js';
import type { EvalSample, EvalVerdict } from './sample.js';
import type { Scenario } from './scenario.js';

export interface JudgeOptions {
  /** Verdicts that are there already: their samples are left alone. */
  done?: readonly Pick<EvalVerdict, 'scenario' | 'sample'>[];
  /** Told of each verdict as it is reached, in no particular order. */
  onVerdict: (verdict: EvalVerdict) => void;
  onProgress?: (done: number, total: number) => void;
}

/** More than the sandbox runs at a time, so that it never waits for the rules. */
const AT_ONCE = 2 * availableParallelism();

/**
 * Judges samples, several at a time. The same completion of a scenario is judged once, and its verdict
 * told for each.
 *
 * @throws {SutureError} BAD_DATA for a sample of no scenario there is; INTERRUPTED when the signal fires
 */
export async function judgeSamples(
  scenarios: readonly Scenario[],
  samples: readonly EvalSample[],
  bench: Bench,
  { done = [], onVerdict, onProgress }: JudgeOptions,
): Promise<void> {
  const byId = new Map(scenarios.map((scenario) => [scenario.id, scenario]));
  for (const { scenario } of samples) {
    ensure(
      byId.has(scenario),
      'BAD_DATA',
      `The suite has no scenario ${scenario}. Name its suite with --suite.`,
    );
  }
  const key = ({ scenario, sample }: Pick<EvalVerdict, 'scenario' | 'sample'>) =>
    `${sample} ${scenario}`;
  const have = new Set(done.map(key));
  const waiting = groupsOf(samples.filter((sample) => !have.has(key(sample))));
  let finished = samples.length - waiting.reduce((sum, group) => sum + group.length, 0);
  const work = async () => {
    for (let group = waiting.shift(); group; group = waiting.shift()) {
      if (bench.signal?.aborted) throw new SutureError('INTERRUPTED', 'Interrupted.');
      const [first] = group;
      const verdict = await judgeSample(byId.get(first!.scenario)!, first!, bench);
      for (const { sample } of group) onVerdict({ ...verdict, sample });
      finished += group.length;
      onProgress?.(finished, samples.length);
    }
  };
  onProgress?.(finished, samples.length);
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** Samples that are the same but for their number. */
function groupsOf(samples: readonly EvalSample[]): EvalSample[][] {
  const groups = new Map<string, EvalSample[]>();
  for (const sample of samples) {
    const key = JSON.stringify([sample.scenario, sample.finishReason, sample.completion]);
    const group = groups.get(key);
    if (group) group.push(sample);
    else groups.set(key, [sample]);
  }
  return [...groups.values()];
}
