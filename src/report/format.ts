import type { Difference, Rate } from '../evaluate/index.js';

// Figures as text. A no-break space stands before the unit; minus is U+2212.

const NO_DATA = 'no data';

/** Whether a share can be shown: one of nothing is no share. */
export function hasData(rate: Rate | undefined): rate is Rate {
  return rate !== undefined && rate.total > 0 && Number.isFinite(rate.value);
}

/** `0.1234` -> `12.3 %`. */
export function percent(share: number): string {
  return Number.isFinite(share) ? `${fixed(100 * share, 1)}\u00a0%` : NO_DATA;
}

/** `0.25` -> `25 %`: for scales and cells. */
export function wholePercent(share: number): string {
  return Number.isFinite(share) ? `${fixed(100 * share, 0)}\u00a0%` : NO_DATA;
}

/** The share alone: `12.3 %`. */
export function share(rate: Rate | undefined): string {
  return hasData(rate) ? percent(rate.value) : NO_DATA;
}

/** The ends of an interval of shares, in per cent: `8.1 to 17.0`. */
export function interval({ low, high }: { low: number; high: number }): string {
  return Number.isFinite(low) && Number.isFinite(high)
    ? `${fixed(100 * low, 1)} to ${fixed(100 * high, 1)}`
    : 'no interval';
}

/** `12.3 % (8.1 to 17.0)`. */
export function shareWithInterval(rate: Rate | undefined): string {
  return hasData(rate) ? `${percent(rate.value)} (${interval(rate)})` : NO_DATA;
}

/** A difference of shares in percentage points: `−76.2 points`. */
export function points(difference: number): string {
  return Number.isFinite(difference) ? `${signed(100 * difference)}\u00a0points` : NO_DATA;
}

/** `−76.2 points (−84.0 to −66.1)`. */
export function pointsWithInterval(difference: Omit<Difference, 'p'>): string {
  return Number.isFinite(difference.value)
    ? `${points(difference.value)} (${interval(difference)})`
    : NO_DATA;
}

/** `p = 0.016`. */
export function pValue(p: number): string {
  if (!Number.isFinite(p)) return 'no p';
  return p < 0.001 ? 'p\u00a0<\u00a00.001' : `p\u00a0=\u00a0${p.toFixed(3)}`;
}

/** A plain number with so many decimals. */
export function fixed(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return '–';
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** A strength or another setting as it was given, without digits that stem from rounding. */
export function plain(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))).replace('-', '−') : '–';
}

function signed(value: number): string {
  const text = fixed(value, 1);
  return value > 0 && Number(text) !== 0 ? `+${text}` : text;
}
