import { expect, it } from 'vitest';
import { formatAge, formatBytes, formatCount, formatTable } from './format.js';

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [5_850_000, '5.85 MB'],
  [58_500_000, '58.5 MB'],
  [999_600, '1.00 MB'],
  [988_097_824, '988 MB'],
  [3_000_000_000_000, '3.00 TB'],
  [3e18, '3000000 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it.each([
  [12, '12'],
  [2_930_000, '2.93 M'],
  [7_610_000_000, '7.61 B'],
])('%d parameters are %s', (count, text) => {
  expect(formatCount(count)).toBe(text);
});

it.each([
  [0, 'just now'],
  [59_999, 'just now'],
  [60_000, '1 minute ago'],
  [59 * 60_000, '59 minutes ago'],
  [2 * 3_600_000, '2 hours ago'],
  [47 * 3_600_000, '1 day ago'],
  [400 * 86_400_000, '400 days ago'],
])('%d ms are %s', (ms, text) => {
  expect(formatAge(new Date(1e12), new Date(1e12 + ms))).toBe(text);
});

it('columns are as wide as their widest cell, and lines end without spaces', () => {
  expect(
    formatTable([
      ['a', 'bcd', 'e'],
      ['long', 'x'],
    ]),
  ).toBe('a     bcd  e\nlong  x\n');
});
