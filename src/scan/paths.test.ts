import { describe, expect, it } from 'vitest';
import { ABANDON, explore } from './paths.js';

describe('explore', () => {
  it('takes every combination of choices once', () => {
    const seen: string[] = [];
    const complete = explore((path) => {
      const first = path.choose(2);
      // Only one way of the first choice leads to the second.
      seen.push(first === 0 ? `0${path.choose(3)}` : '1');
    });
    expect(complete).toBe(true);
    expect(seen).toEqual(['00', '01', '02', '1']);
  });

  it('goes on behind an abandoned path', () => {
    let finished = 0;
    expect(
      explore((path) => {
        if (path.choose(2) === 0) throw ABANDON;
        finished++;
      }),
    ).toBe(true);
    expect(finished).toBe(1);
  });

  it('gives up on too many paths, and on too many steps', () => {
    expect(explore((path) => void Array.from({ length: 30 }, () => path.choose(2)))).toBe(false);
    expect(
      explore((path) => {
        for (;;) path.step();
      }),
    ).toBe(false);
  });

  it('lets real errors through', () => {
    expect(() =>
      explore(() => {
        throw new TypeError('a bug');
      }),
    ).toThrow('a bug');
  });
});
