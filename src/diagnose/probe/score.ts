import { groupBy } from '../../core/index.js';
import {
  auroc,
  type Calibration,
  calibration,
  clusterBootstrap,
  clusterBootstrapMean,
  type Interval,
  mean,
  sigmoid,
} from '../../stats/index.js';
import type { Held, Labelled } from './crossvalidate.js';
import type { Resamples } from './resample.js';

/** A figure with its 95 % interval over groups. */
export interface Figure extends Interval {
  value: number;
}

/** How well held-out rows are told apart. */
export interface ProbeScore extends Calibration {
  /** Over all rows, whichever fold they were held out in; 0.5 is chance. */
  auroc: Figure;
  /** Pairs whose vulnerable twin scores higher, ties half; 0.5 is chance. */
  pairedAccuracy: Figure;
  /** Mean P(vulnerable) of the vulnerable twins minus that of the secure ones; 0 is chance. */
  gap: Figure;
  /** Mean P(vulnerable) over vulnerable rows, and over secure ones. */
  probability: { vulnerable: number; secure: number };
  /** AUROC on shuffled labels, mean over the shufflings; near 0.5 where folds do not leak. */
  shuffled: number;
  /** The penalty of each fold, in units of the number of columns. */
  penalties: number[];
}

/** A score with what comparisons need: AUROC by group and by draw. */
export interface Scored {
  score: ProbeScore;
  /** AUROC within each group, [groups]; of the shuffled labels likewise, mean over shufflings. */
  byGroup: { auroc: number[]; shuffled: number[] };
  /** AUROC in each bootstrap draw, [draws]. */
  draws: { auroc: Float64Array; shuffled: Float64Array };
}

export function scoreHeld(
  { logOdds, shuffled, penalties }: Held,
  data: Labelled,
  shuffledLabels: readonly (readonly boolean[])[],
  resamples: Resamples,
): Scored {
  const { vulnerable, groups, pairs } = data;
  const rows = [...vulnerable.keys()];
  const probabilities = logOdds.map(sigmoid);
  const rowsByGroup = [...groupBy(rows, (row) => groups[row]!).values()];
  const within = (scores: Float64Array, labels: readonly boolean[]) =>
    rowsByGroup.map((own) =>
      auroc(
        own.map((row) => scores[row]!),
        own.map((row) => labels[row]!),
      ),
    );
  const pairsByGroup = rowsByGroup.map((own) =>
    [...groupBy(own, (row) => pairs[row]!).values()].map((twins) => ({
      bad: twins.find((row) => vulnerable[row])!,
      good: twins.find((row) => !vulnerable[row])!,
    })),
  );
  const wins = pairsByGroup.map((own) => ({
    hits: own.reduce((sum, { bad, good }) => sum + order(logOdds[bad]!, logOdds[good]!), 0),
    total: own.length,
  }));
  const gaps = pairsByGroup.map((own) =>
    own.map(({ bad, good }) => probabilities[bad]! - probabilities[good]!),
  );
  const area = auroc(logOdds, vulnerable);
  const draws = {
    auroc: resamples.aurocs(logOdds, vulnerable),
    shuffled: meanOver(shuffled.map((scores, k) => resamples.aurocs(scores, shuffledLabels[k]!))),
  };
  const share = (of: boolean) =>
    mean(rows.filter((row) => vulnerable[row] === of).map((row) => probabilities[row]!));
  return {
    score: {
      auroc: { value: area, ...resamples.intervalOfShare(area, draws.auroc) },
      pairedAccuracy: {
        value: wins.reduce((sum, { hits }) => sum + hits, 0) / (rows.length / 2),
        ...clusterBootstrap(wins, { resamples: 2_000 }),
      },
      gap: { value: mean(gaps.flat()), ...clusterBootstrapMean(gaps, { resamples: 2_000 }) },
      ...calibration(probabilities, vulnerable),
      probability: { vulnerable: share(true), secure: share(false) },
      shuffled: mean(shuffled.map((scores, k) => auroc(scores, shuffledLabels[k]!))),
      penalties,
    },
    byGroup: {
      auroc: within(logOdds, vulnerable),
      shuffled: [
        ...meanOver(shuffled.map((s, k) => Float64Array.from(within(s, shuffledLabels[k]!)))),
      ],
    },
    draws,
  };
}

const order = (bad: number, good: number): number => (bad > good ? 1 : bad < good ? 0 : 0.5);

function meanOver(lists: readonly Float64Array[]): Float64Array {
  return lists[0]!.map((_, i) => mean(lists.map((list) => list[i]!)));
}
