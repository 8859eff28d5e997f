import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { align } from './places.js';

describe('aligned places', () => {
  it('of two prompts that differ in some words', () => {
    //             0  1  2  3  4  5
    const own = [1, 2, 7, 8, 3, 4];
    const twin = [1, 2, 9, 3, 4];
    expect(align(own, twin, 2)).toEqual({
      aligned: [
        { place: 'changed', own: 3, twin: 2 },
        { place: 'between', own: 4, twin: 3 },
        { place: 'last_prompt', own: 5, twin: 4 },
        { place: 'opening', own: 6, twin: 5 },
        { place: 'decision', own: 7, twin: 6 },
      ],
      unaligned: 1,
    });
  });

  it('without an opening the decision is at the last token', () => {
    const { aligned } = align([5, 1, 2], [6, 1, 2], 0);
    expect(aligned.map(({ place }) => place)).toEqual(['changed', 'between', 'decision']);
  });

  it('are in order on both sides, within them, and of the same token unless changed', () => {
    const tokens = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(tokens, tokens, fc.integer({ min: 0, max: 3 }), (own, twin, opening) => {
        const { aligned, unaligned } = align(own, twin, opening);
        let [a, b] = [-1, -1];
        for (const { place, own: i, twin: j } of aligned) {
          expect(i).toBeGreaterThan(a);
          expect(j).toBeGreaterThan(b);
          [a, b] = [i, j];
          expect(i).toBeLessThan(own.length + opening);
          expect(j).toBeLessThan(twin.length + opening);
          if (place === 'between') expect(own[i]).toBe(twin[j]);
        }
        expect(unaligned).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
