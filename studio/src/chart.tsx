import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { interval, percent, plain, wholePercent } from '../../src/report/format.js';
import { linear, type Series, ticks } from '../../src/report/svg.js';
import { csvOf, download, pngBlob, svgBlob } from './export.js';
import { Scrolling } from './parts.js';

export interface ChartPoint {
  x: number;
  /** A share; one that is not finite is left out. */
  value: number;
  low?: number;
  high?: number;
  /** What else is known about it. */
  note?: string;
}

export interface ChartLine {
  series: Series;
  points: readonly ChartPoint[];
  /** Draws its intervals. */
  band?: boolean;
}

interface Props {
  title: string;
  /** What is along x. */
  along: string;
  lines: readonly ChartLine[];
  /** Places along x that are marked by a rule. */
  marks?: readonly { x: number; label: string; css: string }[];
  /** The only places along x that get a label; by default round values. */
  labels?: readonly number[];
}

const MARGIN = { left: 48, right: 16, top: 40, bottom: 44 };
const HEIGHT = 280;

/**
 * Shares along a quantity. The values under the pointer, or at the place that the arrow keys choose, stand in
 * the legend; all of them are in a table, and can be taken away as SVG, PNG and CSV.
 */
export function LineChart({ title, along, lines, marks = [], labels }: Props) {
  const [width, box] = useWidth();
  const drawing = useRef<SVGSVGElement>(null);
  const [chosen, choose] = useState<number>();
  const help = useId();
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))].sort(
    (a, b) => a - b,
  );
  const ends = [...xs, ...marks.map(({ x }) => x)];
  const [from, to] = [Math.min(...ends), Math.max(...ends)];
  const x = linear([from, to], [MARGIN.left, width - MARGIN.right]);
  const y = linear([0, 1], [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const at = chosen === undefined ? undefined : xs[chosen];

  const nearest = (event: PointerEvent) => {
    const left = drawing.current!.getBoundingClientRect().left;
    const distances = xs.map((value) => Math.abs(x(value) - (event.clientX - left)));
    choose(distances.indexOf(Math.min(...distances)));
  };
  const key = (event: KeyboardEvent) => {
    const last = xs.length - 1;
    const moves: Record<string, number> = {
      ArrowRight: Math.min(last, (chosen ?? -1) + 1),
      ArrowLeft: Math.max(0, (chosen ?? xs.length) - 1),
      Home: 0,
      End: last,
    };
    const next = moves[event.key];
    if (next !== undefined) {
      event.preventDefault();
      choose(next);
    } else if (event.key === 'Escape') choose(undefined);
  };

  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <ul class="legend readout">
        {lines.map(({ series, points }) => {
          const point = points.find((one) => one.x === at);
          return (
            <li key={series.label}>
              <svg width="36" height="14" class={series.css} aria-hidden="true">
                <line x1="0" x2="36" y1="7" y2="7" class="line" />
                <Mark series={series} x={18} y={7} />
              </svg>
              {series.label}
              {at !== undefined && <b>{point ? valueText(point) : '–'}</b>}
            </li>
          );
        })}
      </ul>
      <p class="visually-hidden" aria-live="polite">
        {at !== undefined && `${along} ${plain(at)}: ${spoken(lines, at)}`}
      </p>
      <div ref={box}>
        <svg
          ref={drawing}
          class="drawing interactive"
          width={width}
          height={HEIGHT}
          role="application"
          aria-roledescription="chart"
          aria-label={`${title}, per cent over ${along}`}
          aria-describedby={help}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move in it
          tabIndex={0}
          onPointerMove={nearest}
          onPointerDown={nearest}
          onPointerLeave={() => choose(undefined)}
          onBlur={() => choose(undefined)}
          onKeyDown={key}
        >
          {[0, 0.25, 0.5, 0.75, 1].map((value) => (
            <g key={value}>
              <line
                class="grid"
                x1={MARGIN.left}
                x2={width - MARGIN.right}
                y1={y(value)}
                y2={y(value)}
              />
              <text x={MARGIN.left - 8} y={y(value)} dy="0.32em" text-anchor="end">
                {wholePercent(value)}
              </text>
            </g>
          ))}
          {(labels ?? ticks(from, to, Math.max(2, Math.round(width / 80)))).map((value) => (
            <g key={value}>
              <line class="grid" x1={x(value)} x2={x(value)} y1={y(0)} y2={y(1)} />
              <text x={x(value)} y={y(0)} dy="1.4em" text-anchor="middle">
                {plain(value)}
              </text>
            </g>
          ))}
          <text
            x={(MARGIN.left + width - MARGIN.right) / 2}
            y={HEIGHT}
            dy="-0.3em"
            text-anchor="middle"
          >
            {along}
          </text>
          {marks.map((mark, i) => (
            <g key={mark.label}>
              <line class={mark.css} x1={x(mark.x)} x2={x(mark.x)} y1={y(0)} y2={y(1)} />
              <text
                x={x(mark.x)}
                y={y(1)}
                dy={`${-0.5 - 1.2 * i}em`}
                text-anchor={anchorOf(x(mark.x), width)}
              >
                {mark.label}
              </text>
            </g>
          ))}
          {at !== undefined && <line class="cursor" x1={x(at)} x2={x(at)} y1={y(0)} y2={y(1)} />}
          {lines.map(({ series, points, band }) => {
            const drawn = points.filter(({ value }) => Number.isFinite(value));
            const place = (point: ChartPoint, value: number) => `${x(point.x)} ${y(value)}`;
            const path = (places: string[]) => `M${places.join('L')}`;
            const upper = drawn.map((point) => place(point, point.high ?? point.value));
            const lower = drawn.map((point) => place(point, point.low ?? point.value)).reverse();
            return (
              drawn.length > 0 && (
                <g key={series.label} class={series.css}>
                  {band && <path class="band" d={`${path([...upper, ...lower])}Z`} />}
                  <path class="line" d={path(drawn.map((point) => place(point, point.value)))} />
                  {drawn.map((point) => (
                    <Mark
                      key={point.x}
                      series={series}
                      x={x(point.x)}
                      y={y(point.value)}
                      large={point.x === at}
                    />
                  ))}
                </g>
              )
            );
          })}
        </svg>
      </div>
      <p id={help} class="visually-hidden">
        Arrow keys move from value to value.
      </p>
      <Figures title={title} along={along} lines={lines} xs={xs} drawing={drawing} />
    </figure>
  );
}

function Figures({
  title,
  along,
  lines,
  xs,
  drawing,
}: Pick<Props, 'title' | 'along' | 'lines'> & {
  xs: readonly number[];
  drawing: { current: SVGSVGElement | null };
}) {
  const name = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const csv = () => {
    const columns = ['', ' low', ' high'];
    const head = [
      along,
      ...lines.flatMap(({ series }) => columns.map((end) => series.label + end)),
    ];
    const rows = xs.map((x) => [
      x,
      ...lines.flatMap(({ points }) => {
        const point = points.find((one) => one.x === x);
        return [point?.value, point?.low, point?.high];
      }),
    ]);
    return new Blob([csvOf([head, ...rows])], { type: 'text/csv' });
  };
  const exports: [string, () => Blob | Promise<Blob>][] = [
    ['SVG', () => svgBlob(drawing.current!)],
    ['PNG', () => pngBlob(drawing.current!)],
    ['CSV', csv],
  ];
  return (
    <div class="under">
      <details>
        <summary>The figures</summary>
        <Scrolling label={`Figures of ${title}`}>
          <table>
            <thead>
              <tr>
                <th scope="col">{along}</th>
                {lines.map(({ series }) => (
                  <th scope="col" key={series.label}>
                    {series.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {xs.map((x) => (
                <tr key={x}>
                  <th scope="row">{plain(x)}</th>
                  {lines.map(({ series, points }) => {
                    const point = points.find((one) => one.x === x);
                    return <td key={series.label}>{point ? valueText(point) : '–'}</td>;
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </Scrolling>
      </details>
      <fieldset class="exports">
        <legend class="visually-hidden">Save {title}</legend>
        {exports.map(([kind, make]) => (
          <button
            key={kind}
            type="button"
            class="quiet"
            aria-label={`Save as ${kind}`}
            onClick={async () => download(`${name}.${kind.toLowerCase()}`, await make())}
          >
            {kind}
          </button>
        ))}
      </fieldset>
    </div>
  );
}

function Mark({
  series,
  x,
  y,
  large = false,
}: {
  series: Series;
  x: number;
  y: number;
  large?: boolean;
}) {
  const size = large ? 1.5 : 1;
  const shape = {
    circle: <circle r="4.5" />,
    ring: <circle r="4" class="hollow" />,
    square: <rect x="-4" y="-4" width="8" height="8" />,
    diamond: <path d="M0 -5.5L5.5 0L0 5.5L-5.5 0Z" />,
  }[series.shape];
  return (
    <g class="mark" transform={`translate(${x} ${y}) scale(${size})`}>
      {shape}
    </g>
  );
}

const valueText = (point: ChartPoint): string =>
  [
    percent(point.value),
    ...(point.low === undefined ? [] : [`(${interval({ low: point.low, high: point.high! })})`]),
    ...(point.note ? [point.note] : []),
  ].join(' ');

const spoken = (lines: readonly ChartLine[], at: number): string =>
  lines
    .map(({ series, points }) => {
      const point = points.find(({ x }) => x === at);
      return `${series.label} ${point ? valueText(point) : 'no data'}`;
    })
    .join('; ');

const anchorOf = (at: number, width: number) => {
  if (at < 0.3 * width) return 'start';
  return at > 0.7 * width ? 'end' : 'middle';
};

/** The width of an element, which drawings in it follow. */
function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry!.contentRect.width));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  return [width, box] as const;
}
