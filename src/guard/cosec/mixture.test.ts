import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../core/index.js';
import { coDecoded } from './mixture.js';

const close = (found: Float64Array, expected: readonly number[]) => {
  expect(found).toHaveLength(expected.length);
  for (const [i, p] of expected.entries()) expect(found[i]).toBeCloseTo(p, 12);
};

/** A distribution with some zeros. */
const anyDistribution = (length: number) =>
  fc
    .array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 50 })), {
      minLength: length,
      maxLength: length,
    })
    .filter((weights) => weights.some((w) => w > 0))
    .map((weights) => {
      const total = weights.reduce((a, b) => a + b);
      return Float64Array.from(weights, (w) => w / total);
    });

describe('one step of co-decoding', () => {
  const base = Float64Array.of(0.5, 0.3, 0.2, 0);
  const expert = Float64Array.of(0.1, 0.6, 0, 0.3);

  it('is, by hand, what is accepted and the base model’s share of what is not', () => {
    // Ratios 5, 1/2 and 0: the first two are accepted.
    close(coDecoded(base, expert, 0.3), [0.1 + 0.3 * 0.5, 0.6 + 0.3 * 0.3, 0.3 * 0.2, 0]);
    // At 1/2 the second is not above it any more.
    close(coDecoded(base, expert, 0.5), [0.1 + 0.9 * 0.5, 0.9 * 0.3, 0.9 * 0.2, 0]);
    // Whatever the base model has at all.
    close(coDecoded(base, expert, 0), [0.1 + 0.3 * 0.5, 0.6 + 0.3 * 0.3, 0.3 * 0.2, 0]);
  });

  it('takes vocabularies that are padded to different lengths', () => {
    close(coDecoded(base, Float64Array.of(1), 0.3), [1, 0, 0, 0]);
    close(coDecoded(Float64Array.of(0.5, 0.5), Float64Array.of(0.2, 0, 0.8), 0.3), [
      0.2 + 0.8 * 0.5,
      0.8 * 0.5,
    ]);
  });

  it('is a distribution, and the base model’s where the expert agrees', () => {
    const threshold = fc.double({ min: 0, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(anyDistribution(9), anyDistribution(9), threshold, (p, q, t) => {
        expect(coDecoded(p, q, t).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
        close(coDecoded(p, p, t), [...p]);
      }),
    );
  });

  it('is as frequent as drafting, accepting and drawing again', () => {
    const random = new Random(5, 'accept or reject');
    const draw = (from: Float64Array) => {
      let left = random.float();
      return from.findIndex((p) => {
        left -= p;
        return left < 0;
      });
    };
    const draws = 20_000;
    const counts = base.map(() => 0);
    for (let i = 0; i < draws; i++) {
      const draft = draw(expert);
      const accepted = 0.3 < Math.min(1, base[draft]! / expert[draft]!);
      counts[accepted ? draft : draw(base)]!++;
    }
    const expected = coDecoded(base, expert, 0.3);
    let chiSquare = 0;
    for (const [id, p] of expected.entries())
      if (p > 0) chiSquare += (counts[id]! - draws * p) ** 2 / (draws * p);
    expect(counts[3]).toBe(0);
    expect(chiSquare).toBeLessThan(13.8); // 2 degrees of freedom: 1 in 1000 is beyond
  });
});
