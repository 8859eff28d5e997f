import { describe, expect, it } from 'vitest';
import { learningRate, type Schedule } from './schedule.js';

const rates = (schedule: Schedule, steps: number) =>
  Array.from({ length: steps }, (_, step) => learningRate(schedule, step, steps));
const close = (got: number[], want: number[]) => {
  expect(got).toHaveLength(want.length);
  for (const [i, x] of want.entries()) expect(got[i]).toBeCloseTo(x, 10);
};

describe('learningRate', () => {
  it('is constant by default', () => close(rates({ peak: 3 }, 4), [3, 3, 3, 3]));

  it('warms up to the peak', () => {
    close(rates({ peak: 8, warmup: 4 }, 6), [2, 4, 6, 8, 8, 8]);
  });

  it('falls in a line from the end of the warm-up', () => {
    const schedule: Schedule = { peak: 10, warmup: 2, decay: 'linear' };
    close(rates(schedule, 7), [5, 10, 10, 8, 6, 4, 2]);
    expect(learningRate(schedule, 7, 7)).toBe(0);
  });

  it('falls as a cosine', () => {
    const half = Math.SQRT1_2;
    close(rates({ peak: 2, decay: 'cosine' }, 4), [2, 1 + half, 1, 1 - half]);
    expect(learningRate({ peak: 2, decay: 'cosine' }, 4, 4)).toBeCloseTo(0, 10);
  });

  it('holds the peak before it decays', () => {
    const schedule: Schedule = { peak: 4, decay: 'linear', hold: 0.5 };
    close(rates(schedule, 8), [4, 4, 4, 4, 4, 3, 2, 1]);
    const late: Schedule = { ...schedule, warmup: 6 };
    expect(learningRate(late, 6, 8)).toBe(4);
    expect(learningRate(late, 7, 8)).toBe(2);
  });

  it('ends at the floor, a share of the peak', () => {
    for (const decay of ['linear', 'cosine'] as const) {
      const schedule: Schedule = { peak: 10, decay, floor: 0.1 };
      expect(learningRate(schedule, 0, 50)).toBe(10);
      expect(learningRate(schedule, 25, 50)).toBeCloseTo(5.5, 10);
      expect(learningRate(schedule, 50, 50)).toBeCloseTo(1, 10);
      expect(learningRate(schedule, 99, 50)).toBeCloseTo(1, 10);
    }
  });

  it('never leaves the peak upwards, nor falls below the floor', () => {
    const schedule: Schedule = { peak: 1, warmup: 7, decay: 'cosine', hold: 0.3, floor: 0.2 };
    const all = rates(schedule, 100);
    expect(Math.max(...all)).toBe(1);
    expect(Math.min(...all.slice(7))).toBeGreaterThanOrEqual(0.2);
    for (let i = 30; i < 99; i++) expect(all[i + 1]).toBeLessThan(all[i]!);
  });

  it.each([0, -1, Number.NaN])('refuses a peak of %f', (peak) => {
    expect(() => learningRate({ peak }, 0, 1)).toThrow(`must be above 0; got ${peak}`);
  });
});
