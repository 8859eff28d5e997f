import { describe, expect, it } from 'vitest';
import { percent, plain, points, pValue, share, shareWithInterval } from './format.js';

const NBSP = '\u00a0';

describe('figures as text', () => {
  it('writes shares in per cent with their intervals', () => {
    const rate = { hits: 1, total: 8, value: 0.125, low: 0.0312, high: 0.4 };
    expect(shareWithInterval(rate)).toBe(`12.5${NBSP}% (3.1 to 40.0)`);
  });

  it('says so where there is nothing to show', () => {
    const nothing = { hits: 0, total: 0, value: 0, low: 0, high: 0 };
    expect(share(nothing)).toBe('no data');
    expect(share(undefined)).toBe('no data');
    expect(percent(Number.NaN)).toBe('no data');
    expect(pValue(Number.NaN)).toBe('no p');
  });

  it('gives differences a sign, and zero none', () => {
    expect(points(0.5)).toBe(`+50.0${NBSP}points`);
    expect(points(-0.5)).toBe(`−50.0${NBSP}points`);
    expect(points(-0.0001)).toBe(`0.0${NBSP}points`);
    expect(points(0.0001)).toBe(`0.0${NBSP}points`);
  });

  it('never writes a small p as zero', () => {
    expect(pValue(0.0004)).toBe(`p${NBSP}<${NBSP}0.001`);
    expect(pValue(0.015625)).toBe(`p${NBSP}=${NBSP}0.016`);
  });

  it('drops digits that stem from rounding', () => {
    expect(plain(0.1 + 0.2)).toBe('0.3');
    expect(plain(-1.5)).toBe('−1.5');
  });
});
