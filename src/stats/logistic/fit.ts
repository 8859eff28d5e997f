import { factorise, solve } from './cholesky.js';

/**
 * L2-regularised logistic regression by Newton's method in float64:
 *
 *   minimise over w, c:  sum_i log(1 + exp(-s_i (w . x_i + c))) + lambda/2 |w|^2,   s_i = +1 or -1
 *
 * The intercept c is not penalised; lambda is the inverse of scikit-learn's `C`. The problem is convex
 * and smooth, so that the minimum is the only place where the gradient vanishes; iterations end there.
 */
export interface Fit {
  /** `primal`: w [d]. `dual`: a [n] with w = sum_i a_i x_i / lambda; at the minimum a_i = y_i - p_i. */
  weights: Float64Array;
  intercept: number;
}

/** Where the largest component of the gradient is below this, a fit is done. */
export const EXACT = 1e-9;

/** Newton's method needs some ten steps; halved ones count as well. */
const MOST_STEPS = 200;

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** log(1 + exp(x)) without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** Sum of -log P(y_i) at the log-odds f. */
export function logLoss(f: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < f.length; i++) sum += softplus(y[i] ? -f[i]! : f[i]!);
  return sum;
}

/**
 * From inner products alone: the cheaper way where there are fewer rows than columns, each step
 * n^3/6 multiplications. Newton's equation in the dual, as iteratively reweighted least squares:
 * (K/lambda + W^-1) a + c = f + W^-1 (y - p), sum a = 0, with W = diag(p (1 - p)), solved by way of
 * B = I + W^1/2 K/lambda W^1/2, whose eigenvalues are at least 1 (Rasmussen & Williams 2006, 3.4).
 *
 * @param gram inner products of the rows, [n, n]
 * @param y 1 or 0, [n]; both must occur
 * @param start where to begin; defaults to 0
 * @param tolerance of the gradient, in units of probability
 */
export function fitDual(
  gram: Float64Array,
  y: Uint8Array,
  lambda: number,
  start?: Fit,
  tolerance = EXACT,
): Fit {
  const n = y.length;
  let a = start?.weights ?? new Float64Array(n);
  let c = start?.intercept ?? 0;
  let f = logOdds(gram, n, a, lambda, c);
  let loss = dualLoss(f, y, a, c);
  if (loss > n * Math.LN2) {
    // A worse start than none: far out the surface is flat, and steps would lead nowhere.
    [a, c, f] = [new Float64Array(n), 0, new Float64Array(n)];
    loss = n * Math.LN2;
  }
  const root = new Float64Array(n);
  const b = new Float64Array(n * n);
  for (let step = 0; step < MOST_STEPS; step++) {
    const p = f.map(sigmoid);
    if (p.every((x, i) => Math.abs(y[i]! - x - a[i]!) < tolerance) && balanced(a, tolerance)) break;
    // A floor on the weights alone keeps the equation finite where a row is far from the boundary.
    for (let i = 0; i < n; i++) root[i] = Math.sqrt(Math.max(p[i]! * (1 - p[i]!), 1e-14));
    for (let i = 0; i < n; i++) {
      const factor = root[i]! / lambda;
      for (let j = 0; j < i; j++) b[i * n + j] = factor * gram[i * n + j]! * root[j]!;
      b[i * n + i] = 1 + factor * gram[i * n + i]! * root[i]!;
    }
    factorise(b, n);
    const weighted = (values: ArrayLike<number>) => solve(b, n, values).map((x, i) => x * root[i]!);
    const target = weighted(f.map((x, i) => x * root[i]! + (y[i]! - p[i]!) / root[i]!));
    const ones = weighted(root);
    const nextC = sum(target) / sum(ones);
    const nextA = target.map((x, i) => x - nextC * ones[i]!);
    const nextF = logOdds(gram, n, nextA, lambda, nextC);
    // Halved until it leads down: far from the minimum a whole step may overshoot.
    let share = 1;
    let moved = false;
    for (; share > 1e-6; share /= 2) {
      const triedA = between(a, nextA, share);
      const triedF = between(f, nextF, share);
      const triedC = c + share * (nextC - c);
      const triedLoss = dualLoss(triedF, y, triedA, triedC);
      if (triedLoss > loss + 1e-12 * Math.abs(loss)) continue;
      [a, f, c, loss, moved] = [triedA, triedF, triedC, triedLoss, true];
      break;
    }
    if (!moved) break; // as low as float64 can tell
  }
  return { weights: a, intercept: c };
}

/**
 * From the rows themselves: the cheaper way where there are more rows than columns.
 *
 * @param x [n, d], row after row
 * @param y 1 or 0, [n]; both must occur
 */
export function fitPrimal(
  x: Float64Array,
  y: Uint8Array,
  lambda: number,
  start?: Fit,
  tolerance = EXACT,
): Fit {
  const n = y.length;
  const d = x.length / n;
  const size = d + 1; // the intercept comes last
  let theta = new Float64Array(size);
  if (start) {
    theta.set(start.weights);
    theta[d] = start.intercept;
  }
  let f = primalLogOdds(x, n, d, theta);
  let loss = primalLoss(f, y, theta, lambda);
  if (loss > n * Math.LN2) {
    [theta, f] = [new Float64Array(size), new Float64Array(n)];
    loss = n * Math.LN2;
  }
  const hessian = new Float64Array(size * size);
  for (let step = 0; step < MOST_STEPS; step++) {
    const p = f.map(sigmoid);
    const gradient = theta.map((w, j) => (j < d ? lambda * w : 0));
    hessian.fill(0);
    for (let j = 0; j < d; j++) hessian[j * size + j] = lambda;
    for (let i = 0; i < n; i++) {
      const row = x.subarray(i * d, (i + 1) * d);
      const error = p[i]! - y[i]!;
      const weight = Math.max(p[i]! * (1 - p[i]!), 1e-14);
      for (let j = 0; j < d; j++) {
        const xj = row[j]!;
        gradient[j]! += error * xj;
        const scaled = weight * xj;
        const at = j * size;
        for (let k = 0; k <= j; k++) hessian[at + k]! += scaled * row[k]!;
        hessian[d * size + j]! += scaled;
      }
      gradient[d]! += error;
      hessian[d * size + d]! += weight;
    }
    if (gradient.every((g) => Math.abs(g) < tolerance * n)) break;
    factorise(hessian, size);
    const direction = solve(hessian, size, gradient);
    const next = theta.map((w, j) => w - direction[j]!);
    const nextF = primalLogOdds(x, n, d, next);
    let moved = false;
    for (let share = 1; share > 1e-6; share /= 2) {
      const tried = between(theta, next, share);
      const triedF = between(f, nextF, share);
      const triedLoss = primalLoss(triedF, y, tried, lambda);
      if (triedLoss > loss + 1e-12 * Math.abs(loss)) continue;
      [theta, f, loss, moved] = [tried, triedF, triedLoss, true];
      break;
    }
    if (!moved) break;
  }
  return { weights: theta.slice(0, d), intercept: theta[d]! };
}

const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
const balanced = (a: Float64Array, tolerance: number) => Math.abs(sum(a)) < tolerance * a.length;
const between = (from: Float64Array, to: Float64Array, share: number) =>
  from.map((x, i) => x + share * (to[i]! - x));

/** f = K a / lambda + c */
function logOdds(gram: Float64Array, n: number, a: Float64Array, lambda: number, c: number) {
  const f = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let total = 0;
    for (let j = 0; j < n; j++) total += gram[i * n + j]! * a[j]!;
    f[i] = total / lambda + c;
  }
  return f;
}

/** lambda/2 |w|^2 = a . (f - c) / 2 */
function dualLoss(f: Float64Array, y: Uint8Array, a: Float64Array, c: number): number {
  let penalty = 0;
  for (let i = 0; i < f.length; i++) penalty += a[i]! * (f[i]! - c);
  return logLoss(f, y) + penalty / 2;
}

/** f = X w + c; theta: [d + 1], the intercept last */
function primalLogOdds(x: Float64Array, n: number, d: number, theta: Float64Array) {
  const f = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let total = theta[d]!;
    for (let j = 0; j < d; j++) total += x[i * d + j]! * theta[j]!;
    f[i] = total;
  }
  return f;
}

function primalLoss(f: Float64Array, y: Uint8Array, theta: Float64Array, lambda: number): number {
  let squares = 0;
  for (let j = 0; j < theta.length - 1; j++) squares += theta[j]! ** 2;
  return logLoss(f, y) + (lambda / 2) * squares;
}
