import { describe, expect, it } from 'vitest';
import {
  dependsOnLength,
  inverseFrequencies,
  outdates,
  parseRope,
  type RopeConfig,
  RotaryTables,
} from './rope.js';

const shape = (dim: number) => ({ dim, interleaved: false });
const LLAMA3: RopeConfig = {
  ...shape(128),
  type: 'llama3',
  theta: 500000,
  factor: 8,
  lowFrequencyFactor: 1,
  highFrequencyFactor: 4,
  originalMaxPositions: 8192,
};

describe('parseRope', () => {
  const parse = (json: unknown) => parseRope(json, 'config.json', 128);
  it('reads the older and the newer spelling', () => {
    expect(parse({})).toEqual({ ...shape(128), type: 'default', theta: 10000 });
    expect(parse({ rope_theta: 7, rope_scaling: null })).toEqual({
      ...shape(128),
      type: 'default',
      theta: 7,
    });
    const linear = { ...shape(128), type: 'linear', theta: 7, factor: 4 };
    expect(parse({ rope_theta: 7, rope_scaling: { type: 'linear', factor: 4 } })).toEqual(linear);
    const newer = { rope_type: 'linear', factor: 4, rope_theta: 7 };
    expect(parse({ rope_parameters: newer })).toEqual(linear);
  });

  it('reads llama3', () => {
    const rope_scaling = {
      rope_type: 'llama3',
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8192,
    };
    expect(parse({ rope_theta: 500000, rope_scaling })).toEqual(LLAMA3);
  });
});

describe('parseRope, frequencies that follow the context', () => {
  const parse = (rope_scaling: object, more: object = {}) =>
    parseRope({ max_position_embeddings: 4096, rope_scaling, ...more }, 'config.json', 8);

  it('reads dynamic', () => {
    const read = { type: 'dynamic', theta: 10000, factor: 2, maxPositions: 4096 };
    expect(parse({ type: 'dynamic', factor: 2 })).toEqual({ ...shape(8), ...read });
  });

  it('reads yarn: the defaults of its paper, and what is given', () => {
    expect(parse({ rope_type: 'yarn', factor: 16 })).toEqual({
      ...shape(8),
      type: 'yarn',
      theta: 10000,
      factor: 16,
      attentionFactor: 0.1 * Math.log(16) + 1,
      betaFast: 32,
      betaSlow: 1,
      truncate: true,
      originalMaxPositions: 4096,
    });
    const given = {
      factor: 16,
      attention_factor: 0.5,
      beta_fast: 64,
      beta_slow: 2,
      truncate: false,
      original_max_position_embeddings: 1024,
    };
    expect(parse({ rope_type: 'yarn', ...given })).toMatchObject({
      attentionFactor: 0.5,
      betaFast: 64,
      betaSlow: 2,
      truncate: false,
      originalMaxPositions: 1024,
    });
    const { factor: _, ...withoutFactor } = given;
    expect(parse({ rope_type: 'yarn', ...withoutFactor })).toMatchObject({ factor: 4 });
  });

  it('reads yarn as DeepSeek writes it: the quotient of two scales', () => {
    const yarn = { rope_type: 'yarn', factor: 40 };
    const scale = (mscale: number) => 0.1 * mscale * Math.log(40) + 1;
    const both = parse({ ...yarn, mscale: 1, mscale_all_dim: 0.8 });
    expect(both).toMatchObject({ attentionFactor: scale(1) / scale(0.8) });
    const one = parse({ ...yarn, mscale: 2, mscale_all_dim: 0 });
    expect(one).toMatchObject({ attentionFactor: scale(1) });
  });

  it('reads longrope: the factor between the contexts, unless it is given', () => {
    const lists = { short_factor: [1, 1, 2, 2], long_factor: [1, 2, 3, 4] };
    const original = { original_max_position_embeddings: 1024 };
    expect(parse({ type: 'longrope', ...lists }, original)).toEqual({
      ...shape(8),
      type: 'longrope',
      theta: 10000,
      attentionFactor: Math.sqrt(1 + Math.log(4) / Math.log(1024)),
      shortFactors: lists.short_factor,
      longFactors: lists.long_factor,
      originalMaxPositions: 1024,
    });
    const factor = (more: object) => parse({ type: 'longrope', ...lists, ...more }, original);
    expect(factor({ factor: 1 })).toMatchObject({ attentionFactor: 1 });
    expect(factor({ attention_factor: 1.5 })).toMatchObject({ attentionFactor: 1.5 });
  });

  it.each([
    ['"dynamic" needs "factor"', { type: 'dynamic' }, {}],
    [
      'needs "max_position_embeddings"',
      { type: 'dynamic', factor: 2 },
      { max_position_embeddings: undefined },
    ],
    ['needs "short_factor"', { type: 'longrope', long_factor: [1, 1, 1, 1] }, {}],
    [
      '"long_factor" has 3 values, not 4',
      { type: 'longrope', short_factor: [1, 1, 1, 1], long_factor: [1, 1, 1] },
      {},
    ],
    ['"rope_theta" above 1', { type: 'yarn', factor: 2 }, { rope_theta: 1 }],
  ])('refuses what cannot be: %s', (message, rope_scaling, more) => {
    expect(() => parse(rope_scaling, more)).toThrow(message);
  });

  it.each([
    ['"mrope_section" in rotary scaling "default"', { type: 'default', mrope_section: [1, 2] }],
    ['"short_mscale"', { type: 'longrope', short_mscale: 1 }],
    ['"ntk" is not supported', { type: 'ntk', factor: 2 }],
  ])('refuses by name: %s', (message, rope_scaling) => {
    expect(() => parse(rope_scaling)).toThrow(message);
  });

  it('refuses frequencies per kind of layer', () => {
    const rope_parameters = { full_attention: { rope_theta: 1e6 } };
    const act = () => parseRope({ rope_parameters }, 'config.json', 8);
    expect(act).toThrow('per kind of layer');
  });
});

describe('inverseFrequencies', () => {
  // theta ** (-2i / head_dim), worked out by hand where it is a round number.
  it('default: powers of the base', () => {
    const frequencies = inverseFrequencies({ ...shape(8), type: 'default', theta: 10000 }, 1);
    expect([...frequencies]).toEqual([1, 0.1, 0.01, 0.001].map(Math.fround));
  });

  it('linear: all divided by the factor', () => {
    const frequencies = inverseFrequencies(
      { ...shape(8), type: 'linear', theta: 10000, factor: 4 },
      1,
    );
    for (const [i, x] of [0.25, 0.025, 0.0025, 0.00025].entries()) {
      expect(Math.abs(frequencies[i]! / x - 1)).toBeLessThan(1e-6);
    }
  });

  // By wavelength, as the scheme is published (Llama 3.1): short ones stay, long ones are stretched
  // eightfold, and between 8192/4 and 8192/1 positions it goes over smoothly.
  it('llama3: by wavelength', () => {
    const headDim = 128;
    const frequencies = inverseFrequencies(LLAMA3, 1);
    const seen = { short: 0, between: 0, long: 0 };
    for (let i = 0; i < headDim / 2; i++) {
      const plain = 500000 ** ((-2 * i) / headDim);
      const wavelength = (2 * Math.PI) / plain;
      const kind = wavelength < 2048 ? 'short' : wavelength > 8192 ? 'long' : 'between';
      seen[kind]++;
      const smooth = (8192 / wavelength - 1) / 3;
      const expected = {
        short: plain,
        long: plain / 8,
        between: plain * (smooth + (1 - smooth) / 8),
      }[kind];
      expect(Math.abs(frequencies[i]! / expected - 1), `frequency ${i}`).toBeLessThan(1e-5);
    }
    expect(seen).toEqual({ short: 29, between: 6, long: 29 });
  });
});

describe('inverseFrequencies that follow the context', () => {
  const close = (actual: Float32Array, expected: readonly number[]) => {
    expect(actual).toHaveLength(expected.length);
    for (const [i, x] of expected.entries()) {
      expect(Math.abs(actual[i]! / x - 1), `frequency ${i}`).toBeLessThan(1e-6);
    }
  };

  // base * (factor * length / max - (factor - 1)) ** (dim / (dim - 2)), as published with it.
  it('dynamic: plain up to the context, then from a larger base', () => {
    const rope = {
      ...shape(4),
      type: 'dynamic',
      theta: 100,
      factor: 3,
      maxPositions: 10,
    } as const;
    close(inverseFrequencies(rope, 4), [1, 0.1]);
    close(inverseFrequencies(rope, 10), [1, 0.1]);
    close(inverseFrequencies(rope, 20), [1, 1 / Math.sqrt(100 * 4 ** 2)]); // (6 - 2) ** (4 / 2)
  });

  // For Llama 2 the YaRN paper's bounds of 32 and 1 turns in 4096 positions lie at 20.9 and 45.03.
  it.each([
    [true, 20, 46],
    [false, 20.944, 45.027],
  ])('yarn: by turns within the original context, bounds truncated: %s', (truncate, low, high) => {
    const rope: RopeConfig = {
      ...shape(128),
      type: 'yarn',
      theta: 10000,
      factor: 16,
      attentionFactor: 1,
      betaFast: 32,
      betaSlow: 1,
      truncate,
      originalMaxPositions: 4096,
    };
    const frequencies = inverseFrequencies(rope, 1);
    for (let i = 0; i < 64; i++) {
      const plain = 10000 ** ((-2 * i) / 128);
      const stretched = i < low ? 0 : i > high ? 1 : (i - low) / (high - low);
      const expected = plain * (stretched / 16 + 1 - stretched);
      expect(Math.abs(frequencies[i]! / expected - 1), `frequency ${i}`).toBeLessThan(1e-3);
    }
  });

  it('longrope: a factor for each, one set up to the original context and one beyond', () => {
    const rope = {
      ...shape(4),
      type: 'longrope',
      theta: 100,
      attentionFactor: 1,
      shortFactors: [1, 2],
      longFactors: [4, 5],
      originalMaxPositions: 24,
    } as const;
    close(inverseFrequencies(rope, 24), [1, 0.05]);
    close(inverseFrequencies(rope, 25), [0.25, 0.02]);
  });
});

describe('dependsOnLength', () => {
  it('is true of those whose frequencies change within what a model can see', () => {
    const depends = (rope_scaling: object) =>
      dependsOnLength(parseRope({ max_position_embeddings: 64, rope_scaling }, 'config.json', 4));
    expect(depends({ type: 'linear', factor: 2 })).toBe(false);
    expect(depends({ type: 'yarn', factor: 2 })).toBe(false);
    expect(depends({ type: 'dynamic', factor: 2 })).toBe(true);
    expect(depends({ type: 'longrope', short_factor: [1, 1], long_factor: [2, 2] })).toBe(true);
  });
});

describe('outdates', () => {
  it('is true where a sequence grows out of the context of the short factors', () => {
    const read = (rope_scaling: object) =>
      parseRope({ max_position_embeddings: 64, rope_scaling }, 'config.json', 4);
    const longrope = read({ type: 'longrope', short_factor: [1, 1], long_factor: [2, 2] });
    expect(outdates(longrope, 63, 64)).toBe(false);
    expect(outdates(longrope, 64, 65)).toBe(true);
    expect(outdates(longrope, 65, 66)).toBe(false);
    expect(outdates(read({ type: 'dynamic', factor: 2 }), 64, 65)).toBe(false);
  });
});

describe('RotaryTables', () => {
  it('give rows of one call the frequencies of their own lengths, times the attention factor', () => {
    const tables = new RotaryTables({
      ...shape(2),
      type: 'longrope',
      theta: 100,
      attentionFactor: 1.5,
      shortFactors: [1],
      longFactors: [4],
      originalMaxPositions: 24,
    });
    const { cos, sin } = tables.rows([8, 8, 8], [9, 30, 9]);
    for (const [row, angle] of [8, 2, 8].entries()) {
      expect(cos.data[row]).toBeCloseTo(1.5 * Math.cos(angle), 6);
      expect(sin.data[row]).toBeCloseTo(1.5 * Math.sin(angle), 6);
    }
  });

  it('give cosines and sines of position times frequency', () => {
    const tables = new RotaryTables({ ...shape(4), type: 'linear', theta: 100, factor: 2 });
    const positions = [2, 0, 700];
    const { cos, sin } = tables.rows(positions, [3, 3, 701]);
    expect(cos.dims).toEqual([3, 2]);
    expect(sin.dims).toEqual([3, 2]);
    for (const [row, position] of positions.entries()) {
      for (const [i, frequency] of [0.5, 0.05].entries()) {
        expect(cos.data[2 * row + i]).toBeCloseTo(Math.cos(position * frequency), 5);
        expect(sin.data[2 * row + i]).toBeCloseTo(Math.sin(position * frequency), 5);
      }
    }
  });

  it('do not depend on what was asked before', () => {
    const fresh = new RotaryTables(LLAMA3).rows([5], [6]);
    const used = new RotaryTables(LLAMA3);
    used.rows([0, 3000], [3001, 3001]);
    expect(used.rows([5], [6])).toEqual(fresh);
  });
});
