import type { ReviewAccuracy } from '../diagnose/index.js';
import type { Difference, Intent, OutcomeRates, Rate } from '../evaluate/index.js';
import type { RepairMetrics } from '../repair/index.js';
import type { Site } from '../steer/index.js';
import { fixed, hasData, percent, plain, shareWithInterval, wholePercent } from './format.js';
import { type Content, type Html, html } from './html.js';
import {
  axisX,
  axisY,
  dot,
  drawing,
  line,
  linear,
  type Point,
  rule,
  type Series,
  ticks,
  whisker,
} from './svg.js';
import { OUTCOME_LABELS, REACH_LABELS, SITE_LABELS } from './words.js';

/** The outcomes that are drawn, each told by shape and line as well as by colour. */
export const SERIES = {
  secureWellFormed: {
    label: OUTCOME_LABELS.secureWellFormed,
    shape: 'circle',
    css: 's-repaired',
  },
  secure: { label: OUTCOME_LABELS.secure, shape: 'ring', css: 's-secure' },
  insecure: { label: OUTCOME_LABELS.insecure, shape: 'square', css: 's-insecure' },
  other: { label: OUTCOME_LABELS.other, shape: 'diamond', css: 's-other' },
} as const satisfies Partial<Record<keyof OutcomeRates, Series>>;

type Drawn = keyof typeof SERIES;

/** One line of a dot chart: what it is, the figure as text and, where there is one, its mark. */
export interface DotRow {
  label: Content;
  text: Content;
  series: Series;
  /** Drawn where its three numbers are finite and, for a share, it is one of something. */
  mark: Rate | Difference;
}

export interface DotGroup {
  title: string;
  rows: readonly DotRow[];
}

/**
 * Values with their intervals on one common axis, in titled groups of rows. The figures stand beside
 * the marks, so the drawing adds nothing that could not be read.
 *
 * @param axis.from first value of the axis  @param axis.to its last  @param axis.at labelled values
 */
export function dotChart(
  groups: readonly DotGroup[],
  axis: { from: number; to: number; at: readonly number[]; unit: string },
): Html {
  const x = linear([axis.from, axis.to], [0, 100]);
  const grid = axis.at.map((value) => rule(x(value), value === 0 ? 'grid zero' : 'grid'));
  const labels = axis.at.map((value) => ({ at: x(value), label: plain(100 * value) }));
  const row = ({ label, text, series, mark }: DotRow) =>
    html`<div class="row"><div class="label">${label}</div><div class="plot" aria-hidden="true"><svg width="100%" height="100%" class="drawing">${grid}${
      canDraw(mark)
        ? html`${whisker(x(mark.low), x(mark.high), 50, series)}${dot(x(mark.value), 50, series)}`
        : undefined
    }</svg></div><div class="figure">${text}</div></div>`;
  return html`<div class="dots">
${groups.map(
  ({ title, rows }) => html`<h3>${title}</h3>
${rows.map((each) => html`${row(each)}\n`)}`,
)}<div class="row axis" aria-hidden="true"><div class="label"></div><div class="plot"><svg width="100%" height="100%" class="drawing">${axisLabels(labels)}</svg></div><div class="figure">${axis.unit}</div></div>
</div>`;
}

export const PERCENT_AXIS = { from: 0, to: 1, at: [0, 0.25, 0.5, 0.75, 1], unit: 'per cent' };

/** What the model recognises beside what it writes. */
export function gapChart({
  review,
  generation,
}: {
  review: Omit<ReviewAccuracy, 'youden'>;
  generation: Readonly<Record<Intent, OutcomeRates>>;
}): Html {
  const row = (label: Content, rate: Rate): DotRow => ({
    label,
    text: shareWithInterval(rate),
    series: SERIES.secureWellFormed,
    mark: rate,
  });
  return dotChart(
    [
      {
        title: 'Review: share judged correctly',
        rows: [
          row('flawed code called flawed', review.sensitivity),
          row('safe code called safe', review.specificity),
          ...(review.misleading ? [row('code whose calls mislead', review.misleading)] : []),
        ],
      },
      {
        title: 'Writing: share secure',
        rows: [
          row('prompt asks for the risky way', generation.insecure.secure),
          row('prompt names no way', generation.neutral.secure),
          row('prompt asks for the safe way', generation.secure.secure),
        ],
      },
    ],
    PERCENT_AXIS,
  );
}

function axisLabels(labels: readonly { at: number; label: string }[]): Html {
  return html`${labels.map(
    ({ at, label }) =>
      html`<text x="${at}%" y="50%" dy="0.32em" text-anchor="middle">${label}</text>`,
  )}`;
}

/** What the marks and lines mean. */
export function legend(all: readonly Series[], note?: string): Html {
  return html`<ul class="legend">${all.map(
    (series) =>
      html`<li><svg width="36" height="14" class="${series.css}" aria-hidden="true"><line x1="0" x2="36" y1="7" y2="7" class="line"/>${dot(50, 50, series)}</svg>${series.label}</li>`,
  )}${note && html`<li>${note}</li>`}</ul>`;
}

/** A line over layers. A figure that is not finite is left out, and so is its interval where that is not. */
export interface LayerLine {
  series: Series;
  points: readonly { layer: number; value: number; low?: number; high?: number }[];
}

/**
 * Figures over layers, with their intervals as bands.
 *
 * @param axis.from first value of the vertical axis  @param axis.to its last
 * @param axis.marks values to be marked by a stronger line: chance, no effect
 */
export function layerChart(
  title: string,
  lines: readonly LayerLine[],
  axis: {
    from: number;
    to: number;
    marks?: readonly number[];
    label: string;
    text: (value: number) => string;
  },
): Html {
  const layers = lines.flatMap(({ points }) => points.map(({ layer }) => layer));
  const [first, last] = [Math.min(...layers), Math.max(...layers)];
  const x = linear([first, last], [0, 100]);
  const y = linear([axis.from, axis.to], [100, 0]);
  const places = ({ points }: LayerLine): Point[] =>
    points
      .filter(({ value }) => Number.isFinite(value))
      .map(({ layer, value, low, high }) => {
        const end = (at: number | undefined) => y(Number.isFinite(at) ? at! : value);
        return { x: x(layer), y: y(value), low: end(low), high: end(high) };
      });
  // Layers are whole numbers.
  const at = ticks(first, last, 12).filter(Number.isInteger);
  return html`<figure class="panel">
<figcaption>${title}</figcaption>
<div class="plot">${drawing(
    `${title}: ${axis.label} over layers`,
    '15rem',
    html`${axisY(ticks(axis.from, axis.to, 5).map((value) => ({ at: y(value), label: axis.text(value) })))}${axisX(
      at.map((layer) => ({ at: x(layer), label: plain(layer) })),
    )}${(axis.marks ?? []).map(
      (value) =>
        html`<line x1="0%" x2="100%" y1="${y(value)}%" y2="${y(value)}%" class="grid zero"/>`,
    )}${lines.map((each) =>
      line(
        places(each),
        each.series,
        each.points.some(({ low }) => low !== undefined),
      ),
    )}<text x="0" y="0%" dy="-0.9em" dx="-8" text-anchor="start">${axis.label}</text><text x="50%" y="100%" dy="3em" text-anchor="middle">layer</text>`,
  )}</div>
</figure>`;
}

/** Of how many columns a heat map still has room for figures. */
const READABLE_COLUMNS = 10;

/**
 * Shares by row and column: the fuller the colour, the nearer to 1 (or, in the other colour, to -1).
 * The figures stand in the cells where there is room.
 *
 * @param cell undefined, or not finite, is left empty
 */
export function heatMap(
  title: string,
  rows: { name: string; labels: readonly string[] },
  columns: { name: string; labels: readonly string[] },
  cell: (row: number, column: number) => number | undefined,
): Html {
  const readable = columns.labels.length <= READABLE_COLUMNS;
  const show = (value: number | undefined): Html => {
    if (value === undefined || !Number.isFinite(value)) return html`<td></td>`;
    const strength = Math.round(100 * Math.min(1, Math.abs(value)));
    const text = wholePercent(value);
    return html`<td class="${value < 0 ? 's-insecure' : 's-secure'}" style="--heat:${strength}%" title="${text}">${readable ? text : undefined}</td>`;
  };
  return html`<figure class="panel">
<table class="heat${readable ? '' : ' dense'}">
<caption>${title}</caption>
<thead><tr><th scope="col">${rows.name}</th>${columns.labels.map((label) => html`<th scope="col">${label}</th>`)}</tr></thead>
<tbody>${rows.labels.map(
    (label, row) =>
      html`<tr><th scope="row">${label}</th>${columns.labels.map((_, column) => show(cell(row, column)))}</tr>\n`,
  )}</tbody>
</table>
<p class="soft">${columns.name}</p>
</figure>`;
}

/**
 * Outcomes over the strength of the vector at one site. The main line (secure and well-formed) has
 * its interval as a band. Strength 0, the model as it was, and the chosen strength are marked.
 *
 * @param chosen the strength that was chosen at this layer and site, if this is where it was
 */
export function strengthChart(
  curve: RepairMetrics['curves'][number],
  chosen: number | undefined,
): Html {
  const points = curve.points.toSorted((a, b) => a.strength - b.strength);
  const strengths = [
    0,
    ...(chosen === undefined ? [] : [chosen]),
    ...points.map((p) => p.strength),
  ];
  const from = Math.min(...strengths);
  const to = Math.max(...strengths);
  const x = linear([from, to], [0, 100]);
  const y = linear([0, 1], [100, 0]);

  const places = (name: Drawn): Point[] =>
    points.flatMap(({ strength, rates }) => {
      const rate = rates[name];
      if (!canDraw(rate)) return [];
      return { x: x(strength), y: y(rate.value), low: y(rate.low), high: y(rate.high) };
    });

  const mark = (strength: number, label: string, css: string, row: number) => {
    const at = x(strength);
    const anchor = at < 25 ? 'start' : at > 75 ? 'end' : 'middle';
    return html`${rule(at, css)}<text x="${at}%" y="0" dy="${-0.6 - 1.3 * row}em" text-anchor="${anchor}">${label}</text>`;
  };

  return html`<figure class="panel">
<figcaption>${curveTitle(curve)}</figcaption>
<div class="plot">${drawing(
    `Outcomes in per cent over strength, ${curveTitle(curve)}`,
    '15rem',
    html`${axisY([0, 0.25, 0.5, 0.75, 1].map((value) => ({ at: y(value), label: wholePercent(value) })))}${axisX(
      ticks(from, to, 6).map((value) => ({ at: x(value), label: plain(value) })),
    )}${mark(0, '0: model as it was', 'mark-zero', 1)}${
      chosen === undefined ? undefined : mark(chosen, `chosen: ${plain(chosen)}`, 'mark-chosen', 0)
    }${line(places('other'), SERIES.other)}${line(places('insecure'), SERIES.insecure)}${line(
      places('secure'),
      SERIES.secure,
    )}${line(places('secureWellFormed'), SERIES.secureWellFormed, true)}<text x="50%" y="100%" dy="3em" text-anchor="middle">strength</text>`,
  )}</div>
</figure>`;
}

/** The scores of one site, layer by layer, with a bar for each. */
export function layerTable(metrics: RepairMetrics, site: Site): Html {
  const rows = metrics.layers.filter((row) => row.site === site).sort((a, b) => a.layer - b.layer);
  const { vector } = metrics;
  return html`<figure class="panel">
<table class="layers">
<caption>${capital(SITE_LABELS[site])}</caption>
<thead><tr><th scope="col">Layer</th><th scope="col" class="wide">Score</th><th scope="col">Strength</th><th scope="col">Reach</th><th scope="col">Vector</th><th scope="col">Stream</th><th scope="col">Stability</th></tr></thead>
<tbody>${rows.map((row) => {
    const chosen = vector.site === site && vector.layer === row.layer;
    const width = linear([0, 1], [0, 100])(Number.isFinite(row.score) ? row.score : 0);
    return html`
<tr${chosen ? html` class="chosen"` : undefined}><th scope="row">${row.layer}${chosen ? html` <small>chosen</small>` : undefined}</th><td class="bar"><svg width="100%" height="100%" aria-hidden="true"><rect width="${width}%" height="100%"/></svg><span>${percent(row.score)}</span></td><td>${plain(row.strength)}</td><td>${REACH_LABELS[row.reach]}</td><td>${fixed(row.norm, 2)}</td><td>${fixed(row.residualNorm, 2)}</td><td>${fixed(row.stability, 2)}</td></tr>`;
  })}
</tbody>
</table>
</figure>`;
}

function canDraw(mark: Rate | Difference): boolean {
  const finite = [mark.value, mark.low, mark.high].every(Number.isFinite);
  return finite && (!('total' in mark) || hasData(mark));
}

/** First letter in upper case. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `Decision point, layer 5, random vectors` */
export const curveTitle = ({
  site,
  layer,
  random,
}: Pick<RepairMetrics['curves'][number], 'site' | 'layer' | 'random'>): string =>
  random
    ? `Random vectors of the same norms, layer ${layer}`
    : `${capital(SITE_LABELS[site])}, layer ${layer}`;
