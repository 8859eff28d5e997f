import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../core/index.js';
import { type Fit, fitDual, fitPrimal, logLoss, sigmoid } from './fit.js';
import { innerProducts, spaceOf } from './space.js';

fc.configureGlobal({ seed: 1 });

/** Rows of noise with labels that lean on the first column; both classes occur. */
function noise(n: number, d: number, seed: number): { x: Float64Array; y: Uint8Array } {
  const random = new Random(seed, 'logistic test', n, d);
  const x = Float64Array.from({ length: n * d }, () => random.normal());
  const y = Uint8Array.from({ length: n }, (_, i) => Number(x[i * d]! + random.normal() > 0));
  y[0] = 1;
  y[1] = 0;
  return { x, y };
}

const primalOf = ({ weights }: Fit, x: Float64Array, d: number, lambda: number): number[] =>
  Array.from({ length: d }, (_, j) =>
    weights.reduce((sum, a, i) => sum + (a * x[i * d + j]!) / lambda, 0),
  );

function oddsOf(x: Float64Array, d: number, w: ArrayLike<number>, c: number): number[] {
  return Array.from({ length: x.length / d }, (_, i) => {
    let sum = c;
    for (let j = 0; j < d; j++) sum += x[i * d + j]! * w[j]!;
    return sum;
  });
}

describe('logistic regression', () => {
  it('has a closed form for two rows', () => {
    // Rows +1 and -1 of opposite labels: c = 0, and w solves lambda w = 2 / (1 + e^w). For w = 1
    // that is lambda = 2 / (1 + e).
    const lambda = 2 / (1 + Math.E);
    const x = Float64Array.from([1, -1]);
    const y = Uint8Array.from([1, 0]);
    const primal = fitPrimal(x, y, lambda);
    expect(primal.weights[0]).toBeCloseTo(1, 8);
    expect(primal.intercept).toBeCloseTo(0, 8);
    const dual = fitDual(innerProducts(x, 2, 1), y, lambda);
    expect(primalOf(dual, x, 1, lambda)[0]).toBeCloseTo(1, 8);
    expect(dual.intercept).toBeCloseTo(0, 8);
  });

  it('without a say of the rows gives the log-odds of the classes: the intercept is not penalised', () => {
    const x = new Float64Array(10);
    const y = Uint8Array.from([1, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
    for (const fit of [fitPrimal(x, y, 1), fitDual(new Float64Array(100), y, 1)]) {
      expect(fit.intercept).toBeCloseTo(Math.log(7 / 3), 8);
    }
  });

  it('agrees with plain gradient descent, run until nothing moves', () => {
    const [n, d, lambda] = [12, 3, 0.7];
    const { x, y } = noise(n, d, 4);
    const w = new Float64Array(d);
    let c = 0;
    for (let step = 0; step < 60_000; step++) {
      const gradient = Array.from(w, (value) => lambda * value);
      let ofC = 0;
      for (const [i, odds] of oddsOf(x, d, w, c).entries()) {
        const error = 1 / (1 + Math.exp(-odds)) - y[i]!;
        for (let j = 0; j < d; j++) gradient[j]! += error * x[i * d + j]!;
        ofC += error;
      }
      for (let j = 0; j < d; j++) w[j]! -= 0.05 * gradient[j]!;
      c -= 0.05 * ofC;
    }
    const fit = fitPrimal(x, y, lambda);
    expect(fit.intercept).toBeCloseTo(c, 7);
    for (let j = 0; j < d; j++) expect(fit.weights[j]).toBeCloseTo(w[j]!, 7);
  });

  it('ends where the gradient vanishes, the same in both forms, for any shape and penalty', () => {
    const shape = fc.record({
      n: fc.integer({ min: 4, max: 24 }),
      d: fc.integer({ min: 1, max: 30 }),
      power: fc.integer({ min: -3, max: 3 }),
      seed: fc.nat(1000),
    });
    fc.assert(
      fc.property(shape, ({ n, d, power, seed }) => {
        const lambda = 10 ** power;
        const { x, y } = noise(n, d, seed);
        const dual = fitDual(innerProducts(x, n, d), y, lambda);
        const w = primalOf(dual, x, d, lambda);
        const errors = oddsOf(x, d, w, dual.intercept).map((f, i) => sigmoid(f) - y[i]!);
        for (let j = 0; j < d; j++) {
          const gradient = errors.reduce((sum, e, i) => sum + e * x[i * d + j]!, lambda * w[j]!);
          expect(Math.abs(gradient)).toBeLessThan(1e-6);
        }
        expect(Math.abs(errors.reduce((a, b) => a + b, 0))).toBeLessThan(1e-6);
        const primal = fitPrimal(x, y, lambda);
        const other = oddsOf(x, d, primal.weights, primal.intercept);
        for (const [i, f] of oddsOf(x, d, w, dual.intercept).entries()) {
          expect(sigmoid(f)).toBeCloseTo(sigmoid(other[i]!), 5);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('ends at the same place from wherever it starts', () => {
    const { x, y } = noise(15, 40, 2);
    const gram = innerProducts(x, 15, 40);
    const cold = fitDual(gram, y, 0.5);
    const start = { weights: Float64Array.from({ length: 15 }, (_, i) => 3 - i), intercept: -20 };
    const warm = fitDual(gram, y, 0.5, start);
    for (let i = 0; i < 15; i++) expect(warm.weights[i]).toBeCloseTo(cold.weights[i]!, 6);
    expect(warm.intercept).toBeCloseTo(cold.intercept, 5);
  });

  it('separates what can be separated and stays finite under a small penalty', () => {
    const x = Float64Array.from([5, 4, -4, -5]);
    const y = Uint8Array.from([1, 1, 0, 0]);
    const { weights, intercept } = fitPrimal(x, y, 1e-6);
    const f = oddsOf(x, 1, weights, intercept);
    expect(f.every((odds, i) => Number.isFinite(odds) && odds > 0 === (y[i] === 1))).toBe(true);
    expect(logLoss(f, y)).toBeLessThan(1e-4);
  });
});

describe('spaceOf', () => {
  it('standardises by the training rows alone', () => {
    // One column; the held-out row is far off and must not move mean or scale: (100 - 2) / 1.
    const x = Float32Array.from([1, 3, 1, 3, 100]);
    const labels = Uint8Array.from([0, 1, 0, 1, 1]);
    const space = spaceOf(x, 1, [0, 1, 2, 3]);
    const fit = space.fit([0, 1, 2, 3], labels, 1);
    const [low, high, far] = space.score(fit, [0, 1, 4]);
    const slope = (high! - low!) / 2;
    expect(far).toBeCloseTo((high! + low!) / 2 + 98 * slope, 6);
  });

  it('is the same by inner products and by rows', () => {
    // 6 training rows of 5 columns are solved by rows; the same with columns of zeros by inner products.
    const { x, y } = noise(8, 5, 9);
    const wide = new Float32Array(8 * 20);
    for (let i = 0; i < 8; i++) wide.set(x.subarray(i * 5, i * 5 + 5), i * 20);
    const rows = [0, 1, 2, 3, 4, 5];
    const scores = [spaceOf(Float32Array.from(x), 5, rows), spaceOf(wide, 20, rows)].map((space) =>
      space.score(space.fit(rows, y, 0.3), [6, 7]),
    );
    for (const i of [0, 1]) expect(scores[0]![i]).toBeCloseTo(scores[1]![i]!, 6);
  });

  it('gives the log-odds as a plane through the rows as they are, in both forms', () => {
    const { x, y } = noise(30, 12, 6);
    const shifted = Float32Array.from(x, (value, i) => 3 * value + (i % 12) - 5);
    for (const train of [8, 30].map((n) => [...Array(n).keys()])) {
      const space = spaceOf(shifted, 12, train);
      const fit = space.fit(train, y, 0.5);
      const { normal, intercept } = space.plane(fit);
      const scores = space.score(fit, [...Array(30).keys()]);
      for (const [i, odds] of oddsOf(Float64Array.from(shifted), 12, normal, intercept).entries())
        expect(odds).toBeCloseTo(scores[i]!, 4);
    }
  });

  it('ignores a column that does not vary among the training rows, however large it is elsewhere', () => {
    const x = Float32Array.from([0, 1e6, 1, 1e6, 0, 1e6, 1, 7]);
    for (const copies of [1, 2]) {
      const train = [0, 1, 2, 0, 1, 2].slice(0, 3 * copies); // by inner products, and by rows
      const space = spaceOf(x, 2, train);
      const fit = space.fit(train, Uint8Array.from([0, 1, 0, 1]), 1);
      const [seen, far] = space.score(fit, [1, 3]);
      expect(far).toBe(seen);
    }
  });
});

it('innerProducts are all dot products, odd sizes included', () => {
  for (const [n, d] of [
    [1, 3],
    [4, 2],
    [5, 7],
  ] as const) {
    const { x } = noise(n + 2, d, 5);
    const gram = innerProducts(x.slice(0, n * d), n, d);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let k = 0; k < d; k++) sum += x[i * d + k]! * x[j * d + k]!;
        expect(gram[i * n + j]).toBeCloseTo(sum, 12);
      }
    }
  }
});
