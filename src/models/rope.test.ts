import { describe, expect, it } from 'vitest';
import { inverseFrequencies, parseRope, type RopeConfig, RotaryTables } from './rope.js';

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

describe('RotaryTables', () => {
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
