import { describe, expect, it } from 'vitest';
import { ABANDON, explore, FileBudget } from './paths.js';
import { change } from './trail.js';

const [A, B] = [{}, {}];
const PLACES = Array.from({ length: 30 }, () => ({}));

describe('explore', () => {
  it('takes both ways of each choice, in all pairs, where the paths are too many', () => {
    const pairs = new Set<string>();
    const complete = explore(
      (path) => {
        const taken = PLACES.map((at) => path.choose(2, at));
        pairs.add(`${taken[3]}${taken[17]}`);
      },
      { steps: 1000, paths: 10 },
    );
    expect(complete).toBe(false);
    expect([...pairs].sort()).toEqual(['00', '01', '10', '11']);
  });

  it('takes every combination of choices once', () => {
    const seen: string[] = [];
    const complete = explore((path) => {
      const first = path.choose(2, A);
      // Only one way of the first choice leads to the second.
      seen.push(first === 0 ? `0${path.choose(3, B)}` : '1');
    });
    expect(complete).toBe(true);
    expect(seen).toEqual(['00', '01', '02', '1']);
  });

  it('goes on from the last place that a path has in common with the one before', () => {
    const state = { text: '' };
    const runs: string[] = [];
    const ends: string[] = [];
    const spent = { steps: 100 };
    const complete = explore<number>((path, from) => {
      const first = runs.length;
      runs.push('');
      if (from === undefined) state.text = '';
      for (const [at, place] of PLACES.slice(0, 3).entries()) {
        if (at < (from ?? 0)) continue;
        path.mark(at);
        path.step();
        change(state, 'text', `${state.text}${path.choose(2, place)}`);
        runs[first] = `${runs[first]}${at}`;
      }
      ends.push(state.text);
    }, spent);
    expect(complete).toBe(true);
    expect(ends).toEqual(['000', '001', '010', '011', '100', '101', '110', '111']);
    expect(runs).toEqual(['012', '2', '12', '2', '012', '2', '12', '2']);
    // As many as if each had run from its start.
    expect(spent.steps).toBe(100 - 8 * 3);
  });

  it('starts anew where a path has learnt something for all', () => {
    const runs: (number | undefined)[] = [];
    explore<number>((path, from) => {
      runs.push(from);
      if (from !== 2) {
        path.mark(1);
        if (path.choose(2, A) === 0 && runs.length === 1) path.startAnew();
      }
      path.mark(2);
      path.choose(2, B);
    });
    expect(runs).toEqual([undefined, undefined, 1, 2]);
  });

  it('goes on behind an abandoned path', () => {
    let finished = 0;
    expect(
      explore((path) => {
        if (path.choose(2, A) === 0) throw ABANDON;
        finished++;
      }),
    ).toBe(true);
    expect(finished).toBe(1);
  });

  it('gives up on too many paths, and on too many steps', () => {
    expect(
      explore((path) => {
        for (const at of PLACES) path.choose(2, at);
      }),
    ).toBe(false);
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

describe('FileBudget', () => {
  it('gives each function as much, until a hundred times that is gone', () => {
    const file = new FileBudget({ steps: 10 });
    const given: number[] = [];
    const spend = (steps: number) =>
      file.spend((budget) => {
        given.push(budget.steps);
        budget.steps -= steps;
        return true;
      });
    for (let count = 0; count < 99; count++) expect(spend(10)).toBe(true);
    expect(spend(4)).toBe(true);
    expect(spend(10)).toBe(true);
    expect(given.slice(-2)).toEqual([10, 6]);
    expect(spend(1)).toBe(false);
    expect(given).toHaveLength(101);
  });
});
