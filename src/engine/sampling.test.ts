import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../core/index.js';
import { checkSampling, distribution, type SamplingOptions, sample } from './sampling.js';

fc.configureGlobal({ seed: 1 });

/** A source that gives one number, and counts how often it is asked. */
const fixed = (value: number) => {
  const float = () => {
    source.draws++;
    return value;
  };
  const source = { draws: 0, float };
  return source as typeof source & Random;
};

/** The exact probability of every token, straight from the definitions; ties go to smaller ids. */
function probabilities(logits: Float32Array, options: SamplingOptions): number[] {
  const { temperature = 0, topP = 1, topK = 0 } = options;
  const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
  const normalise = (ids: number[]) => {
    const weights = ids.map((i) => Math.exp((logits[i]! - logits[order[0]!]!) / temperature));
    const total = weights.reduce((a, b) => a + b, 0);
    return weights.map((w) => w / total);
  };
  let kept = topK > 0 ? order.slice(0, topK) : order;
  if (topP < 1) {
    let sum = 0;
    const last = normalise(kept).findIndex((p) => {
      sum += p;
      fc.pre(Math.abs(sum - topP) > 1e-9); // equal but for rounding: either is right
      return sum > topP;
    });
    kept = kept.slice(0, last + 1);
  }
  const result = Array<number>(logits.length).fill(0);
  for (const [n, p] of normalise(kept).entries()) result[kept[n]!] = p;
  return result;
}

/** How often each token comes when the random number goes through a fine, even grid. */
function shares(logits: Float32Array, options: SamplingOptions, points: number): number[] {
  const counts = Array<number>(logits.length).fill(0);
  for (let i = 0; i < points; i++) {
    counts[sample(logits, options, fixed((i + 0.5) / points))]! += 1 / points;
  }
  return counts;
}

// Few different values, so that there are ties.
const tied = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 1, maxLength: 12 });
const spread = fc.array(fc.float({ min: -300, max: 300, noNaN: true }), {
  minLength: 1,
  maxLength: 40,
});
const anyLogits = fc.oneof(tied, spread).map((values) => Float32Array.from(values));
const settings = fc.record({
  temperature: fc.double({ min: 0.05, max: 5, noNaN: true }),
  topK: fc.nat(14),
  topP: fc.oneof(fc.constant(1), fc.double({ min: 0.01, max: 0.999, noNaN: true })),
});

describe('sample', () => {
  it('draws each token as often as top-k, top-p and temperature say', () => {
    const points = 500;
    fc.assert(
      fc.property(anyLogits, settings, (logits, options) => {
        const expected = probabilities(logits, options);
        for (const [token, share] of shares(logits, options, points).entries()) {
          // An interval of length p holds p * points of the grid, give or take one.
          expect(Math.abs(share - expected[token]!)).toBeLessThan(1.001 / points);
          if (expected[token] === 0) expect(share).toBe(0);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('can be written down as a distribution', () => {
    fc.assert(
      fc.property(anyLogits, settings, (logits, { temperature, topP }) => {
        const found = distribution(logits, { temperature, topP });
        for (const [token, p] of probabilities(logits, { temperature, topP }).entries())
          expect(Math.abs(found[token]! - p)).toBeLessThan(1e-8);
      }),
      { numRuns: 400 },
    );
    expect([...distribution(Float32Array.of(1, 3, 3), { temperature: 0, topP: 1 })]).toEqual([
      0, 1, 0,
    ]);
  });

  it('is greedy at temperature 0, with top-k 1 and with a tiny top-p', () => {
    fc.assert(
      fc.property(anyLogits, fc.double({ min: 0, max: 0.9999, noNaN: true }), (logits, draw) => {
        const best = logits.indexOf(Math.max(...logits));
        for (const options of [
          {},
          { temperature: 0, topK: 3, topP: 0.5 },
          { temperature: 2, topK: 1 },
          { temperature: 0.7, topP: 1e-9 },
        ]) {
          expect(sample(logits, options, fixed(draw))).toBe(best);
        }
      }),
    );
  });

  it('takes one random number, and none where it is greedy', () => {
    const logits = Float32Array.of(1, 2, 3);
    for (const options of [{}, { topK: 2 }, { topP: 0.5 }, { topK: 1 }]) {
      const source = fixed(0.5);
      sample(logits, { temperature: 1, ...options }, source);
      expect(source.draws).toBe(1);
    }
    const source = fixed(0.5);
    sample(logits, {}, source);
    expect(source.draws).toBe(0);
  });

  it('gives the same token for the same seed', () => {
    fc.assert(
      fc.property(anyLogits, settings, fc.nat(), (logits, options, seed) => {
        const draw = () => sample(logits, options, new Random(seed, 'sample'));
        expect(draw()).toBe(draw());
      }),
    );
  });

  it.each<SamplingOptions>([
    { temperature: 1 },
    { temperature: 0.6 },
    { temperature: 1, topK: 5 },
    { temperature: 1.3, topP: 0.9 },
    { temperature: 0.8, topK: 6, topP: 0.95 },
  ])('20000 draws with %j are distributed as they should', (options) => {
    const logits = Float32Array.of(0.3, -1, 2, 1.5, 0, -0.5, 1, 0.9);
    const random = new Random(7, 'chi-square', JSON.stringify(options));
    const expected = probabilities(logits, options);
    const counts = Array<number>(logits.length).fill(0);
    for (let i = 0; i < 20000; i++) counts[sample(logits, options, random)]!++;
    let chiSquare = 0;
    for (const [token, p] of expected.entries()) {
      if (p === 0) expect(counts[token]).toBe(0);
      else chiSquare += (counts[token]! - 20000 * p) ** 2 / (20000 * p);
    }
    expect(chiSquare).toBeLessThan(24.3); // 7 degrees of freedom at most: 1 in 1000 is beyond
  });

  it('can never draw what is ruled out by a logit of minus infinity', () => {
    const logits = new Float32Array(300).fill(Number.NEGATIVE_INFINITY);
    logits[5] = 1;
    logits[9] = 1;
    for (const options of [{}, { topK: 50 }, { topP: 0.99 }, { topK: 50, topP: 0.99 }]) {
      const drawn = shares(logits, { temperature: 1, ...options }, 10);
      expect(drawn[5]! + drawn[9]!).toBeCloseTo(1);
    }
  });

  it.each([
    [Float32Array.of(Number.NaN, 1)],
    [Float32Array.of(1, Number.NaN)],
    [Float32Array.of(1, Number.POSITIVE_INFINITY)],
  ])('refuses logits that are no numbers: %j', (logits) => {
    for (const options of [{}, { temperature: 1 }, { temperature: 1, topK: 2, topP: 0.5 }]) {
      expect(() => sample(logits, options, fixed(0.5))).toThrow('an intervention is too strong');
    }
  });

  it('refuses to choose where every token is forbidden', () => {
    const logits = new Float32Array(3).fill(Number.NEGATIVE_INFINITY);
    expect(() => sample(logits, {}, fixed(0.5))).toThrow('Every token is forbidden');
  });
});

describe('checkSampling', () => {
  it('takes what makes sense', () => {
    expect(() => checkSampling({})).not.toThrow();
    expect(() => checkSampling({ temperature: 2, topK: 10, topP: 1 })).not.toThrow();
  });

  it.each<[string, SamplingOptions]>([
    ['temperature must be 0 or more; got -1', { temperature: -1 }],
    ['temperature must be 0 or more; got NaN', { temperature: Number.NaN }],
    ['temperature must be 0 or more; got Infinity', { temperature: Number.POSITIVE_INFINITY }],
    ['top-p must be above 0 and at most 1; got 0', { topP: 0 }],
    ['top-p must be above 0 and at most 1; got 1.1', { topP: 1.1 }],
    ['top-k must be a whole number, 0 or more; got 1.5', { topK: 1.5 }],
    ['top-k must be a whole number, 0 or more; got -2', { topK: -2 }],
  ])('says what is wrong: %s', (message, options) => {
    expect(() => checkSampling(options)).toThrow(message);
  });
});
