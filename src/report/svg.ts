import { type Content, type Html, html } from './html.js';

// Drawing. Places are percentages of the drawing area, so that a chart follows the width of the page
// while its text and lines keep their size.

/** How a series looks: shape and line differ as well as colour. `css` names its rules in style.ts. */
export interface Series {
  label: string;
  shape: 'circle' | 'ring' | 'square' | 'diamond';
  css: string;
}

/** Maps values to per cent of the drawing area. */
export type Scale = (value: number) => number;

/** Maps `from` to `to`; a domain without extent goes to the middle, values outside to the ends. */
export function linear(from: readonly [number, number], to: readonly [number, number]): Scale {
  const [a, b] = from;
  return (value) => {
    const part = a === b ? 0.5 : Math.min(1, Math.max(0, (value - a) / (b - a)));
    return round(to[0] + part * (to[1] - to[0]));
  };
}

/** Round values (1, 2 or 5 times a power of ten apart) inside a domain, about `count` of them. */
export function ticks(from: number, to: number, count: number): number[] {
  if (!(to > from)) return [from];
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999)!;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/** A mark of a series at a place. */
export function dot(x: number, y: number, { shape, css }: Series): Html {
  const drawn = {
    circle: html`<circle r="5"/>`,
    ring: html`<circle r="4" class="hollow"/>`,
    square: html`<rect x="-4.5" y="-4.5" width="9" height="9"/>`,
    diamond: html`<path d="M0 -5.5L5.5 0L0 5.5L-5.5 0Z"/>`,
  }[shape];
  return html`<svg x="${x}%" y="${y}%" class="mark ${css}">${drawn}</svg>`;
}

/** A horizontal interval with end caps. */
export function whisker(low: number, high: number, y: number, { css }: Series): Html {
  const cap = (x: number) =>
    html`<svg x="${x}%" y="${y}%" class="${css}"><line y1="-4" y2="4" class="whisker"/></svg>`;
  return html`<line x1="${low}%" x2="${high}%" y1="${y}%" y2="${y}%" class="whisker ${css}"/>${cap(low)}${cap(high)}`;
}

/** One point of a line: place, height and, for the band, the ends of its interval. */
export interface Point {
  x: number;
  y: number;
  low: number;
  high: number;
}

/** A line through its points, with marks on them and, if wanted, its intervals as a band behind. */
export function line(places: readonly Point[], series: Series, band = false): Html {
  if (places.length === 0) return html``;
  const path = (list: readonly { x: number; y: number }[]) =>
    list.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${x} ${y}`).join('');
  const upper = places.map(({ x, high }) => ({ x, y: high }));
  const lower = places.map(({ x, low }) => ({ x, y: low })).reverse();
  return html`<svg viewBox="0 0 100 100" preserveAspectRatio="none" class="${series.css}">${
    band ? html`<path d="${path([...upper, ...lower])}Z" class="band"/>` : undefined
  }<path d="${path(places)}" class="line"/></svg>${places.map(({ x, y }) => dot(x, y, series))}`;
}

/** A vertical rule over the full height. */
export function rule(x: number, css: string): Html {
  return html`<line x1="${x}%" x2="${x}%" y1="0%" y2="100%" class="${css}"/>`;
}

/** Vertical grid lines with their labels under the drawing area. */
export function axisX(values: readonly { at: number; label: string }[]): Html {
  return html`${values.map(
    ({ at, label }) =>
      html`${rule(at, 'grid')}<text x="${at}%" y="100%" dy="1.5em" text-anchor="middle">${label}</text>`,
  )}`;
}

/** Horizontal grid lines with their labels left of the drawing area. */
export function axisY(values: readonly { at: number; label: string }[]): Html {
  return html`${values.map(
    ({ at, label }) =>
      html`<line x1="0%" x2="100%" y1="${at}%" y2="${at}%" class="grid"/><text x="0" y="${at}%" dx="-8" dy="0.32em" text-anchor="end">${label}</text>`,
  )}`;
}

/** The drawing itself; `label` says in words what it shows. */
export function drawing(label: string, height: string, content: Content): Html {
  return html`<svg role="img" aria-label="${label}" class="drawing" width="100%" height="${height}">${content}</svg>`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
