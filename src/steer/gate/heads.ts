import type { Cwe } from '../../scan/index.js';
import { spaceOf } from '../../stats/index.js';
import { dot, norm } from '../../tensor/index.js';
import { PENALTY } from '../directions.js';

/** How a gate tells prompts apart. */
export const GATE_METHODS = ['probe', 'direction'] as const;
export type GateMethod = (typeof GATE_METHODS)[number];

/** A linear score of a state: `weights . h + intercept`. */
export interface Head {
  weights: Float32Array;
  intercept: number;
}

/** What a gate knows: whether a prompt concerns any of its weaknesses, and which. */
export interface Heads {
  alarm: Head;
  routes: ReadonlyMap<Cwe, Head>;
}

export const scoreOf = ({ weights, intercept }: Head, state: ArrayLike<number>): number =>
  dot(weights, state) + intercept;

/** The weakness whose head scores highest. */
export function routeOf({ routes }: Heads, state: ArrayLike<number>): Cwe {
  const scored = [...routes].map(([cwe, head]) => ({ cwe, score: scoreOf(head, state) }));
  return scored.reduce((a, b) => (b.score > a.score ? b : a)).cwe;
}

/**
 * Heads fitted to some rows.
 *
 * `probe`: L2 logistic regressions, of concerned prompts against ordinary ones and of each weakness
 * against all else. `direction`: the projection on the unit vector between two means, ordinary prompts'
 * or all others', and the concerned ones'; zero is half-way.
 *
 * @param x [n, d]
 * @param cwes of every row; none of ordinary ones
 * @param train rows to fit on: both kinds must be among them
 */
export function fitHeads(
  x: Float32Array,
  cwes: readonly (Cwe | undefined)[],
  train: readonly number[],
  method: GateMethod,
): Heads {
  const d = x.length / cwes.length;
  const space = method === 'probe' ? spaceOf(x, d, train) : undefined;
  const head = (concerned: (cwe: Cwe | undefined) => boolean): Head => {
    if (!space) return between(x, d, train, (row) => concerned(cwes[row]));
    const labels = Uint8Array.from(cwes, (cwe) => Number(concerned(cwe)));
    const { normal, intercept } = space.plane(space.fit(train, labels, PENALTY * d));
    return { weights: Float32Array.from(normal), intercept };
  };
  const known = new Set(train.flatMap((row) => cwes[row] ?? []));
  const alarm = head((cwe) => cwe !== undefined);
  // Of one weakness alone the alarm says all.
  const routes = [...known].map(
    (own) => [own, known.size === 1 ? alarm : head((cwe) => cwe === own)] as const,
  );
  return { alarm, routes: new Map(routes) };
}

function between(
  x: Float32Array,
  d: number,
  train: readonly number[],
  concerned: (row: number) => boolean,
): Head {
  const meanOf = (rows: readonly number[]) => {
    const mean = new Float64Array(d);
    for (const row of rows) for (let j = 0; j < d; j++) mean[j]! += x[row * d + j]! / rows.length;
    return mean;
  };
  const to = meanOf(train.filter(concerned));
  const from = meanOf(train.filter((row) => !concerned(row)));
  const way = to.map((value, j) => value - from[j]!);
  const length = norm(way) || 1;
  const weights = Float32Array.from(way, (value) => value / length);
  const middle = to.map((value, j) => (value + from[j]!) / 2);
  return { weights, intercept: -dot(weights, middle) };
}
