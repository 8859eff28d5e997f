import { ensure } from '../../core/index.js';
import { innerProducts4, TILE } from './products.js';

/**
 * The Cholesky factor L of a symmetric positive definite matrix A = L L^T, written over its lower
 * triangle; the upper one is neither read nor written.
 *
 * @param a [n, n], row after row
 */
export function factorise(a: Float64Array, n: number): void {
  const products = new Float64Array(TILE * TILE);
  for (let i = 0; i < n; i += TILE) {
    for (let j = 0; j <= i; j += TILE) {
      // What the columns before this tile take from it, then its own columns one after the other.
      innerProducts4(products, a, { n, width: n, length: j }, i, j);
      for (let row = i; row < Math.min(i + TILE, n); row++) {
        for (let column = j; column < Math.min(j + TILE, row + 1); column++) {
          let value = a[row * n + column]! - products[(row - i) * TILE + column - j]!;
          for (let k = j; k < column; k++) value -= a[row * n + k]! * a[column * n + k]!;
          a[row * n + column] = row === column ? pivot(value, n) : value / a[column * n + column]!;
        }
      }
    }
  }
}

function pivot(value: number, n: number): number {
  ensure(value > 0, 'INTERNAL', `A matrix of ${n} rows that is to be factorised is not positive.`);
  return Math.sqrt(value);
}

/** Solves L L^T x = b, given the factor of `factorise`. b: [n] */
export function solve(l: Float64Array, n: number, b: ArrayLike<number>): Float64Array {
  const x = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    let sum = x[i]!;
    for (let k = 0; k < i; k++) sum -= l[i * n + k]! * x[k]!;
    x[i] = sum / l[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    const value = x[i]! / l[i * n + i]!;
    x[i] = value;
    // Row by row, as it lies in memory: L^T has L's row as its column.
    for (let k = 0; k < i; k++) x[k]! -= l[i * n + k]! * value;
  }
  return x;
}
