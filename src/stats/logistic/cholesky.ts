import { ensure } from '../../core/index.js';

/**
 * The Cholesky factor L of a symmetric positive definite matrix A = L L^T, written over its lower
 * triangle; the upper one is neither read nor written.
 *
 * @param a [n, n], row after row
 */
export function factorise(a: Float64Array, n: number): void {
  // Two rows and two columns at once: four products for four numbers read. The second row of an odd
  // last one is the row itself, computed twice.
  for (let i = 0; i < n; i += 2) {
    const second = Math.min(i + 1, n - 1);
    const p = a.subarray(i * n, (i + 1) * n);
    const q = a.subarray(second * n, (second + 1) * n);
    for (let j = 0; j < i; j += 2) {
      const r = a.subarray(j * n, (j + 1) * n);
      const s = a.subarray((j + 1) * n, (j + 2) * n);
      let pr = p[j]!;
      let ps = p[j + 1]!;
      let qr = q[j]!;
      let qs = q[j + 1]!;
      for (let k = 0; k < j; k++) {
        const pk = p[k]!;
        const qk = q[k]!;
        const rk = r[k]!;
        const sk = s[k]!;
        pr -= pk * rk;
        ps -= pk * sk;
        qr -= qk * rk;
        qs -= qk * sk;
      }
      pr /= r[j]!;
      qr /= r[j]!;
      p[j] = pr;
      q[j] = qr;
      p[j + 1] = (ps - pr * s[j]!) / s[j + 1]!;
      q[j + 1] = (qs - qr * s[j]!) / s[j + 1]!;
    }
    p[i] = pivot(p[i]! - squares(p, i), n);
    if (second === i) continue;
    let below = q[i]!;
    for (let k = 0; k < i; k++) below -= q[k]! * p[k]!;
    q[i] = below / p[i]!;
    q[second] = pivot(q[second]! - squares(q, second), n);
  }
}

function squares(row: Float64Array, length: number): number {
  let sum = 0;
  for (let k = 0; k < length; k++) sum += row[k]! * row[k]!;
  return sum;
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
