import { describe, expect, it } from 'vitest';
import { Random } from '../../core/index.js';
import type { Cwe } from '../../scan/index.js';
import { fitHeads, GATE_METHODS, routeOf, scoreOf } from './heads.js';

describe('fitHeads', () => {
  it('direction: the projection on the unit vector between the means, zero half-way', () => {
    // Ordinary ones around (0, 0), concerned ones around (3, 4); the last row is not trained on.
    const x = Float32Array.of(1, 0, -1, 0, 3, 5, 3, 3, 100, 100);
    const cwes: (Cwe | undefined)[] = [undefined, undefined, 'CWE-787', 'CWE-787', undefined];
    const { alarm, routes } = fitHeads(x, cwes, [0, 1, 2, 3], 'direction');
    expect([...alarm.weights]).toEqual([expect.closeTo(0.6, 6), expect.closeTo(0.8, 6)]);
    expect(alarm.intercept).toBeCloseTo(-2.5, 6);
    expect(scoreOf(alarm, [3, 4])).toBeCloseTo(2.5, 6);
    expect(routes.get('CWE-787')).toBe(alarm); // of one weakness alone it says all
  });

  it('probe: the minimum of the penalised loss, in the units of the states', () => {
    // Columns +-2 standardise to +-1, the second is constant: of two rows of each class w solves
    // lambda w = 4 / (1 + e^w) with lambda = 0.1 d = 0.2, and c = 0 at the middle, 5.
    const x = Float32Array.of(7, 9, 7, 9, 3, 9, 3, 9);
    const { alarm } = fitHeads(
      x,
      ['CWE-787', 'CWE-787', undefined, undefined],
      [0, 1, 2, 3],
      'probe',
    );
    const w = 2 * alarm.weights[0]!; // standard deviation 2
    expect(0.2 * w).toBeCloseTo(4 / (1 + Math.exp(w)), 5);
    expect(scoreOf(alarm, [5, 9])).toBeCloseTo(0, 5);
    expect(alarm.weights[1]).toBe(0);
  });

  it.each(GATE_METHODS)('%s: tells weaknesses apart that lie in different directions', (method) => {
    const random = new Random(0, 'heads test', method);
    const cwes = Array.from(
      { length: 240 },
      (_, i) => [undefined, 'CWE-787', 'CWE-089'][i % 3] as Cwe,
    );
    const x = Float32Array.from({ length: 240 * 5 }, (_, i) => {
      const [row, column] = [Math.floor(i / 5), i % 5];
      const place = ['CWE-787', 'CWE-089'].indexOf(cwes[row]!);
      return random.normal() + (column === place ? 6 : 0);
    });
    const heads = fitHeads(x, cwes, [...Array(120).keys()], method);
    let right = 0;
    for (let row = 120; row < 240; row++) {
      const state = x.subarray(row * 5, row * 5 + 5);
      const taken = scoreOf(heads.alarm, state) > 0 ? routeOf(heads, state) : undefined;
      right += Number(taken === cwes[row]);
    }
    expect(right / 120).toBeGreaterThan(0.95);
  });
});
