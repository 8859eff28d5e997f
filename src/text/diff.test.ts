import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { changedTokens } from './diff.js';

fc.configureGlobal({ seed: 1 });

it('names what is deleted and what is added, in several places', () => {
  expect(changedTokens([1, 2, 3, 4, 5, 6], [1, 9, 3, 4, 8, 7, 6])).toEqual({
    a: [1, 4],
    b: [1, 4, 5],
  });
});

it('reads a side that only loses or gains where the other goes on', () => {
  expect(changedTokens([1, 2, 3], [1, 8, 9, 2, 7, 3])).toEqual({ a: [1, 2], b: [1, 2, 4] });
  expect(changedTokens([1, 8, 2], [1, 2])).toEqual({ a: [1], b: [1] });
  // Nothing follows: the last token.
  expect(changedTokens([1, 2], [1, 2, 3])).toEqual({ a: [1], b: [2] });
});

it('leaves a longest common subsequence, whichever side comes first, and is never empty', () => {
  const tokens = fc.array(fc.nat(3), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(tokens, tokens, (a, b) => {
      fc.pre(a.join() !== b.join());
      const changed = changedTokens(a, b);
      expect(changed.a.length).toBeGreaterThan(0);
      expect(changed.b.length).toBeGreaterThan(0);
      const kept = commonLength(a, b);
      if (kept < a.length && kept < b.length) {
        expect(a.length - changed.a.length).toBe(kept);
        expect(b.length - changed.b.length).toBe(kept);
        const rest = (x: number[], out: number[]) => x.filter((_, i) => !out.includes(i));
        expect(rest(a, changed.a)).toEqual(rest(b, changed.b));
      }
      for (const at of changed.a) expect(at).toBeLessThan(a.length);
      for (const at of changed.b) expect(at).toBeLessThan(b.length);
    }),
  );
});

/** By trying every way. */
function commonLength(a: readonly number[], b: readonly number[]): number {
  if (a.length === 0 || b.length === 0) return 0;
  const [x, ...rest] = a;
  const at = b.indexOf(x!);
  const without = commonLength(rest, b);
  return at < 0 ? without : Math.max(without, 1 + commonLength(rest, b.slice(at + 1)));
}
