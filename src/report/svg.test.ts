import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { line, linear, type Series, ticks } from './svg.js';

const number = fc.double({ min: -1000, max: 1000, noNaN: true });

describe('linear', () => {
  it('maps the ends to the ends, also upside down', () => {
    const y = linear([0, 1], [100, 0]);
    expect([y(0), y(0.25), y(1)]).toEqual([100, 75, 0]);
  });

  it('stays inside the drawing for any domain, without extent too', () => {
    fc.assert(
      fc.property(number, number, number, (a, b, value) => {
        const at = linear([Math.min(a, b), Math.max(a, b)], [0, 100])(value);
        expect(at).toBeGreaterThanOrEqual(0);
        expect(at).toBeLessThanOrEqual(100);
      }),
    );
    expect(linear([4, 4], [0, 100])(4)).toBe(50);
  });
});

describe('ticks', () => {
  it('gives round values', () => {
    expect(ticks(0, 8, 6)).toEqual([0, 2, 4, 6, 8]);
    expect(ticks(-0.5, 0.5, 5)).toEqual([-0.4, -0.2, 0, 0.2, 0.4]);
    expect(ticks(3, 3, 6)).toEqual([3]);
  });

  it('stays inside the domain, ascends and is neither empty nor crowded', () => {
    fc.assert(
      fc.property(number, fc.double({ min: 1e-3, max: 1000, noNaN: true }), (from, extent) => {
        const to = from + extent;
        const values = ticks(from, to, 6);
        expect(values.length).toBeGreaterThanOrEqual(2);
        expect(values.length).toBeLessThanOrEqual(8);
        const slack = 1e-6 * extent;
        expect(values[0]).toBeGreaterThanOrEqual(from - slack);
        expect(values.at(-1)).toBeLessThanOrEqual(to + slack);
        expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
      }),
    );
  });
});

describe('line', () => {
  const series: Series = { label: 'secure', shape: 'ring', css: 's-secure' };

  it('goes through its points, with the interval around it as a closed band', () => {
    const { markup } = line(
      [
        { x: 0, y: 50, low: 60, high: 40 },
        { x: 100, y: 20, low: 30, high: 10 },
      ],
      series,
      true,
    );
    expect(markup).toContain('<path d="M0 50L100 20" class="line"/>');
    expect(markup).toContain('<path d="M0 40L100 10L100 30L0 60Z" class="band"/>');
  });

  it('draws nothing without points', () => {
    expect(line([], series, true).markup).toBe('');
  });
});
