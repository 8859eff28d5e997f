import { type Fit, fitDual, fitPrimal } from './fit.js';
import { innerProducts4, TILE } from './products.js';

/** Rows as a probe sees them: standardised, in whichever form is cheaper to solve in. */
export interface Space {
  /**
   * @param rows those to fit on
   * @param labels 1 or 0 for every row of the data
   */
  fit(
    rows: readonly number[],
    labels: Uint8Array,
    lambda: number,
    options?: { start?: RowFit | undefined; tolerance?: number },
  ): RowFit;
  /** Log-odds of some rows. */
  score(fit: RowFit, rows: readonly number[]): Float64Array;
  /** The same log-odds of a row as it is, not standardised: `normal . x + intercept`, with the normal [d]. */
  plane(fit: RowFit): { normal: Float64Array; intercept: number };
}

export interface RowFit extends Fit {
  rows: readonly number[];
  lambda: number;
}

/**
 * @param x [n, d], row after row
 * @param train rows by whose mean and standard deviation all are standardised: no other row has a
 *   say in it. A column that does not vary among them says nothing, and is 0.
 */
export function spaceOf(x: Float32Array, d: number, train: readonly number[]): Space {
  const { z, mean, scale } = standardised(x, d, train);
  // Where n^3/6 multiplications of the one are as many as n d^2/2 + d^3/6 of the other.
  const space = train.length <= 1.8 * d ? dualSpace(z, d) : primalSpace(z, d);
  return {
    ...space,
    plane(fit) {
      const normal = space.weights(fit).map((w, j) => w * scale[j]!);
      return { normal, intercept: fit.intercept - dot(normal, mean) };
    },
  };
}

/** What differs between the two forms. */
interface Solver extends Omit<Space, 'plane'> {
  /** Of standardised columns: [d] */
  weights(fit: RowFit): Float64Array;
}

const dot = (a: Float64Array, b: Float64Array): number =>
  b.reduce((sum, value, j) => sum + value * a[j]!, 0);

function standardised(x: Float32Array, d: number, train: readonly number[]) {
  const mean = new Float64Array(d);
  const variance = new Float64Array(d);
  for (const i of train) for (let j = 0; j < d; j++) mean[j]! += x[i * d + j]! / train.length;
  for (const i of train) {
    for (let j = 0; j < d; j++) variance[j]! += (x[i * d + j]! - mean[j]!) ** 2 / train.length;
  }
  // What float32 cannot tell from a constant is one.
  const scale = variance.map((v, j) =>
    v > (1e-6 * mean[j]!) ** 2 && v > 0 ? 1 / Math.sqrt(v) : 0,
  );
  const z = new Float64Array(x.length);
  for (let at = 0; at < x.length; at += d) {
    for (let j = 0; j < d; j++) z[at + j] = (x[at + j]! - mean[j]!) * scale[j]!;
  }
  return { z, mean, scale };
}

function dualSpace(z: Float64Array, d: number): Solver {
  const n = z.length / d;
  const gram = innerProducts(z, n, d);
  return {
    fit(rows, labels, lambda, { start, tolerance } = {}) {
      const m = rows.length;
      const own = new Float64Array(m * m);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < m; j++) own[i * m + j] = gram[rows[i]! * n + rows[j]!]!;
      }
      // The same w under another lambda: w = sum a x / lambda.
      const from = start && {
        weights: start.weights.map((a) => (a * lambda) / start.lambda),
        intercept: start.intercept,
      };
      const y = Uint8Array.from(rows, (row) => labels[row]!);
      return { ...fitDual(own, y, lambda, from, tolerance), rows, lambda };
    },
    score({ weights, intercept, rows, lambda }, wanted) {
      return Float64Array.from(wanted, (row) => {
        let sum = 0;
        for (let j = 0; j < rows.length; j++) sum += gram[row * n + rows[j]!]! * weights[j]!;
        return sum / lambda + intercept;
      });
    },
    weights({ weights, rows, lambda }) {
      const w = new Float64Array(d);
      for (const [i, row] of rows.entries()) {
        for (let j = 0; j < d; j++) w[j]! += (weights[i]! * z[row * d + j]!) / lambda;
      }
      return w;
    },
  };
}

function primalSpace(z: Float64Array, d: number): Solver {
  return {
    fit(rows, labels, lambda, { start, tolerance } = {}) {
      const own = new Float64Array(rows.length * d);
      for (const [i, row] of rows.entries()) own.set(z.subarray(row * d, (row + 1) * d), i * d);
      const y = Uint8Array.from(rows, (row) => labels[row]!);
      return { ...fitPrimal(own, y, lambda, start, tolerance), rows, lambda };
    },
    score({ weights, intercept }, wanted) {
      return Float64Array.from(wanted, (row) => {
        let sum = intercept;
        for (let j = 0; j < d; j++) sum += z[row * d + j]! * weights[j]!;
        return sum;
      });
    },
    weights: (fit) => fit.weights,
  };
}

/** Z Z^T: [n, n]. Much of the time of a probe goes here. */
export function innerProducts(z: Float64Array, n: number, d: number): Float64Array {
  const gram = new Float64Array(n * n);
  const products = new Float64Array(TILE * TILE);
  for (let i = 0; i < n; i += TILE) {
    for (let j = 0; j <= i; j += TILE) {
      innerProducts4(products, z, { n, width: d, length: d }, i, j);
      for (let row = i; row < Math.min(i + TILE, n); row++) {
        for (let column = j; column < Math.min(j + TILE, n); column++) {
          const product = products[(row - i) * TILE + column - j]!;
          gram[row * n + column] = product;
          gram[column * n + row] = product;
        }
      }
    }
  }
  return gram;
}
