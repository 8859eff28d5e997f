import { describe, expect, it } from 'vitest';
import { SutureError } from '../core/index.js';
import { cosine, difference, dot, meanOf, norm, relMax, scaled, sizeOf, tensor } from './index.js';

describe('tensor', () => {
  it('checks the shape against the values', () => {
    expect(tensor([2, 3], new Float32Array(6)).dims).toEqual([2, 3]);
    expect(tensor([], Int32Array.of(7)).data[0]).toBe(7);
    expect(tensor([0, 5], new Uint8Array(0)).dims).toEqual([0, 5]);
    expect(sizeOf([])).toBe(1);
    for (const dims of [
      [2, 2],
      [6, 1, 2],
      [-2, -3],
      [1.5, 4],
    ]) {
      expect(() => tensor(dims, new Float32Array(6))).toThrow(SutureError);
    }
  });
});

describe('vectors', () => {
  const a = Float32Array.of(3, 4);
  it('dot, norm, cosine', () => {
    expect(dot(a, [1, -1])).toBe(-1);
    expect(norm(a)).toBe(5);
    expect(cosine(a, [4, -3])).toBe(0);
    expect(cosine(a, [-6, -8])).toBeCloseTo(-1, 14);
    expect(cosine(a, [0, 0])).toBe(0);
  });
  it('meanOf, difference, scaled: new vectors', () => {
    expect(meanOf([a, [1, 0]])).toEqual(Float32Array.of(2, 2));
    expect(difference(a, [1, 1])).toEqual(Float32Array.of(2, 3));
    expect(scaled(a, 0.5)).toEqual(Float32Array.of(1.5, 2));
    expect(a).toEqual(Float32Array.of(3, 4));
  });
  it('relMax sees every difference, a NaN too', () => {
    expect(relMax(a, [3, 5])).toBe(1 / 5);
    expect(relMax([0, 0], [0, 0])).toBe(0);
    expect(relMax([1, 0], [0, 0])).toBe(Number.POSITIVE_INFINITY);
    expect(relMax(a, [3])).toBe(Number.POSITIVE_INFINITY);
    expect(relMax([1, Number.NaN, 2], [1, 1, 2])).toBeNaN();
    expect(relMax([1, 1, 2], [1, Number.NaN, 2])).toBeNaN();
  });
});
