import { groupBy } from '../../core/index.js';
import { clusterBootstrapMean, holm, mean, signFlipTest } from '../../stats/index.js';
import type { EvalVerdict } from '../suite/sample.js';
import type { Scenario } from '../suite/scenario.js';
import { isSecure, isSecurePass, passes } from './counts.js';

/** How much more often something holds in run B than in run A, on the samples that both have. */
export interface Change {
  metric: 'pass' | 'secure' | 'secure & pass';
  a: number;
  b: number;
  /** b - a, with its 95 % interval: a bootstrap over bases. */
  difference: number;
  low: number;
  high: number;
  /** Sign-flip test over bases; `adjusted` is Holm's over the three metrics. */
  p: number;
  adjusted: number;
}

/** A sample whose verdict differs. */
export interface Flip {
  scenario: string;
  sample: number;
  metric: Change['metric'];
  from: boolean;
}

export interface Comparison {
  /** Samples that both runs have. */
  pairs: number;
  /** Samples of one run that the other lacks. */
  onlyA: number;
  onlyB: number;
  bases: number;
  changes: Change[];
  flips: Flip[];
}

const METRICS = { pass: passes, secure: isSecure, 'secure & pass': isSecurePass } as const;

/** Compares two runs on the same scenarios, sample by sample. */
export function compareRuns(
  a: readonly EvalVerdict[],
  b: readonly EvalVerdict[],
  scenarios: readonly Scenario[],
): Comparison {
  const key = ({ scenario, sample }: EvalVerdict) => `${sample} ${scenario}`;
  const inB = new Map(b.map((verdict) => [key(verdict), verdict]));
  const pairs = a.flatMap((before) => {
    const after = inB.get(key(before));
    return after ? [{ before, after }] : [];
  });
  const baseOf = new Map(scenarios.map(({ id, base }) => [id, base]));
  const clusters = [
    ...groupBy(pairs, ({ before }) => baseOf.get(before.scenario) ?? before.scenario).values(),
  ];
  const flips: Flip[] = [];
  const changes = Object.entries(METRICS).map(([name, holds]) => {
    const metric = name as Change['metric'];
    const differences = clusters.map((cluster) =>
      cluster.map(({ before, after }) => {
        const from = holds(before);
        const difference = Number(holds(after)) - Number(from);
        const { scenario, sample } = before;
        if (difference !== 0) flips.push({ scenario, sample, metric, from });
        return difference;
      }),
    );
    const share = (of: readonly EvalVerdict[]) => mean(of.map((v) => Number(holds(v))));
    const shareA = share(pairs.map(({ before }) => before));
    const shareB = share(pairs.map(({ after }) => after));
    return {
      metric,
      a: shareA,
      b: shareB,
      difference: shareB - shareA,
      ...clusterBootstrapMean(differences),
      p: signFlipTest(differences.map(mean)),
    };
  });
  const adjusted = holm(changes.map(({ p }) => p));
  return {
    pairs: pairs.length,
    onlyA: a.length - pairs.length,
    onlyB: b.length - pairs.length,
    bases: clusters.length,
    changes: changes.map((change, i) => ({ ...change, adjusted: adjusted[i]! })),
    flips,
  };
}
