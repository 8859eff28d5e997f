import { describe, expect, it } from 'vitest';
import { Random } from '../core/index.js';
import { cosine, dot, norm } from '../tensor/index.js';
import {
  directionOf,
  METHODS,
  meanDifference,
  orthogonalLike,
  randomLike,
  shuffledLike,
  stability,
} from './index.js';
import { contrast } from './testing/pairs.js';

const SITE = 'decision';
const D = 12;

/** Pairs whose secure states are `strength` along axis 0 of a noisy stream, with more noise along axis 1. */
function noisy(pairs: number, strength: number, noise = 1) {
  const random = new Random('directions');
  return Array.from({ length: pairs }, (_, i) => {
    const difference = Array.from({ length: D }, (_, axis) => {
      const own = noise * random.normal() * (axis === 1 ? 2 : 0.3);
      return axis === 0 ? strength + own : own;
    });
    return contrast(`base ${i}`, () => difference);
  });
}
const axis = (at: number) => Float32Array.from({ length: D }, (_, i) => Number(i === at));

it('the mean difference is the mean over pairs at one site and layer', () => {
  const contrasts = [
    contrast('a', (site, layer) => [site === SITE ? 1 : 10, layer]),
    contrast('b', (site, layer) => [site === SITE ? 4 : 20, 3 * layer]),
    contrast('b', (site, layer) => [site === SITE ? 1 : 0, 5 * layer]),
  ];
  expect([...meanDifference(contrasts, SITE, 1)]).toEqual([2, 3]);
  expect([...directionOf('mean_difference', contrasts, 'last_prompt', 0)]).toEqual([10, 0]);
});

describe('directions', () => {
  const contrasts = noisy(40, 4);
  const mean = meanDifference(contrasts, SITE, 0);

  it.each(METHODS.filter((method) => method !== 'sae_feature'))(
    '%s finds the axis that parts the classes, as long as the mean difference',
    (method) => {
      const made = directionOf(method, contrasts, SITE, 0);
      // A probe also weighs up what little the quiet axes tell: its largest part is the axis, not all of it.
      expect(made.indexOf(Math.max(...made.map(Math.abs)))).toBe(0);
      if (method !== 'probe') expect(cosine(made, axis(0))).toBeGreaterThan(0.9);
      expect(norm(made)).toBeCloseTo(norm(mean), 4);
    },
  );

  it('pca is the first right singular vector, known where differences lie on two axes', () => {
    // X^T X = [[10, 6], [6, 10]]: eigenvectors (1, 1) with 16 and (1, -1) with 4.
    const pairs = [contrast('a', () => [3, 1]), contrast('b', () => [1, 3])];
    const made = directionOf('pca', pairs, SITE, 0);
    expect(made[0]).toBeCloseTo(made[1]!, 5);
    expect(made[0]).toBeGreaterThan(0);
  });

  it('pca goes where differences are large, the mean where they agree', () => {
    // The differences agree along axis 0 and are larger, either way, along axis 1.
    const pairs = [
      contrast('a', () => [1, 5]),
      contrast('b', () => [1, -5]),
      contrast('c', () => [1, 5.01]),
    ];
    expect(Math.abs(cosine(directionOf('pca', pairs, SITE, 0), [0, 1]))).toBeGreaterThan(0.99);
    expect(cosine(directionOf('mean_difference', pairs, SITE, 0), [1, 0])).toBeLessThan(0.99);
  });

  it('the probe weighs an axis by what it tells, not by how far the classes are apart on it', () => {
    // Both axes have the same mean difference; axis 1 is noisy.
    const random = new Random('probe');
    const pairs = Array.from({ length: 60 }, (_, i) =>
      contrast(`b${i}`, () => [1 + 0.05 * random.normal(), 1 + 3 * random.normal()]),
    );
    const probe = directionOf('probe', pairs, SITE, 0);
    expect(probe[0]!).toBeGreaterThan(2 * Math.abs(probe[1]!));
  });

  it('class_mean compares with the neutral prompts', () => {
    const pairs = [contrast('a', () => [2, 0]), contrast('b', () => [2, 4])];
    for (const one of pairs) one.neutral[SITE][0] = Float32Array.of(2, 0);
    expect([...directionOf('class_mean', pairs, SITE, 0)].map((x) => Math.round(x * 1e4))).toEqual([
      0,
      Math.round(1e4 * Math.hypot(2, 2)),
    ]);
  });

  it('are refused where there is nothing', () => {
    expect(() => directionOf('pca', [], SITE, 0)).toThrow(
      expect.objectContaining({ code: 'BAD_DATA' }),
    );
    const twins = [contrast('a', () => [0, 0])];
    expect(() => directionOf('pca', twins, SITE, 0)).toThrow(/do not differ/);
  });

  it('are stable where pairs agree, and not where they do not', () => {
    expect(stability('mean_difference', noisy(40, 4, 0.1), SITE, 0)).toBeGreaterThan(0.99);
    expect(Math.abs(stability('mean_difference', noisy(40, 0), SITE, 0))).toBeLessThan(0.8);
  });
});

describe('controls', () => {
  const contrasts = noisy(40, 4);
  const vector = meanDifference(contrasts, SITE, 0);
  const draws = (...keys: (string | number)[]) => new Random(1, ...keys);

  it('are as long as the vector', () => {
    for (const control of [
      randomLike(vector, draws('r')),
      shuffledLike(vector, contrasts, SITE, 0, draws('s')),
      orthogonalLike(vector, contrasts, SITE, 0),
    ])
      expect(norm(control)).toBeCloseTo(norm(vector), 3);
  });

  it('random ones have nothing of its direction, and are the same for a seed', () => {
    const wide = Float32Array.from({ length: 192 }, (_, i) => Math.cos(i));
    // Four standard errors of the cosine of independent directions, 1 / sqrt(d).
    const bound = 4 / Math.sqrt(192);
    expect(Math.abs(cosine(randomLike(wide, draws('a')), wide))).toBeLessThan(bound);
    expect(randomLike(wide, draws('a'))).toEqual(randomLike(wide, draws('a')));
    expect(
      Math.abs(cosine(randomLike(wide, draws('a')), randomLike(wide, draws('b')))),
    ).toBeLessThan(bound);
  });

  it('shuffled labels lose the axis that all pairs share', () => {
    const alike = Array.from({ length: 8 }, (_, i) =>
      Math.abs(cosine(shuffledLike(vector, contrasts, SITE, 0, draws('s', i)), axis(0))),
    );
    expect(Math.min(...alike)).toBeLessThan(0.7);
  });

  it('the orthogonal one is, and goes along the axis that is left', () => {
    const rest = orthogonalLike(vector, contrasts, SITE, 0);
    expect(Math.abs(dot(rest, vector)) / dot(vector, vector)).toBeLessThan(1e-4);
    expect(Math.abs(cosine(rest, axis(1)))).toBeGreaterThan(0.9);
  });
});
