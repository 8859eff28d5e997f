import { useState } from 'preact/hooks';
import type { OutcomeRates, Rate } from '../../src/evaluate/index.js';
import type { PrimaryArm, RepairMetrics } from '../../src/repair/index.js';
import {
  hasData,
  points as inPoints,
  interval,
  plain,
  pValue,
  share,
} from '../../src/report/format.js';
import { visible } from '../../src/report/html.js';
import type { Series } from '../../src/report/svg.js';
import {
  ARM_KINDS,
  ARM_LABELS,
  COMPARED_OUTCOMES,
  OUTCOME_LABELS,
  REACH_LABELS,
  SITE_LABELS,
} from '../../src/report/words.js';
import { type ChartLine, LineChart } from './chart.js';
import { Scrolling, Select } from './parts.js';
import { playgroundLink } from './places.js';

/** How outcomes are drawn: as in the reports. */
const OUTCOMES = ['secureWellFormed', 'secure', 'insecure', 'other'] as const;
type Outcome = (typeof OUTCOMES)[number];
const STYLES: Record<Outcome, Pick<Series, 'shape' | 'css'>> = {
  secureWellFormed: { shape: 'circle', css: 's-repaired' },
  secure: { shape: 'ring', css: 's-secure' },
  insecure: { shape: 'square', css: 's-insecure' },
  other: { shape: 'diamond', css: 's-other' },
};
const series = (label: string, i: number): Series => ({
  label,
  ...STYLES[OUTCOMES[i % OUTCOMES.length]!],
});

/** A run of `suture repair`: what it found, in figures that can be asked and taken away. */
export function Repair({ name, metrics }: { name: string; metrics: RepairMetrics }) {
  return (
    <>
      <ul class="findings">
        {metrics.findings.map((finding) => (
          <li key={finding}>{finding}</li>
        ))}
      </ul>
      <Strengths metrics={metrics} />
      <Layers metrics={metrics} />
      <Arms metrics={metrics} />
      <Examples name={name} metrics={metrics} />
    </>
  );
}

type Curve = RepairMetrics['curves'][number];

const curveName = ({ random, layer, site }: Curve) =>
  random ? `random vectors, layer ${layer}` : `${SITE_LABELS[site]}, layer ${layer}`;

const pointOf = (strength: number, rate: Rate) => ({
  x: strength,
  value: hasData(rate) ? rate.value : Number.NaN,
  low: rate.low,
  high: rate.high,
});

function Strengths({ metrics: { curves, vector } }: { metrics: RepairMetrics }) {
  const [view, setView] = useState<Outcome | 'all'>('all');
  const zero = { x: 0, label: '0: as it was', css: 'mark-zero' };
  const chosen = {
    x: vector.strength,
    label: `chosen: ${plain(vector.strength)}`,
    css: 'mark-chosen',
  };
  const isChosen = ({ random, layer, site, reach }: Curve) =>
    !random && layer === vector.layer && site === vector.site && reach === vector.reach;
  const ofCurve = ({ points }: Curve): ChartLine[] =>
    OUTCOMES.map((outcome, i) => ({
      series: series(OUTCOME_LABELS[outcome], i),
      band: outcome === 'secureWellFormed',
      points: points.map(({ strength, rates }) => pointOf(strength, rates[outcome])),
    }));
  const ofOutcome = (outcome: Outcome): ChartLine[] =>
    curves.map((curve, i) => ({
      series: series(curveName(curve), i),
      band: isChosen(curve) || curve.random,
      points: curve.points.map(({ strength, rates }) => pointOf(strength, rates[outcome])),
    }));
  return (
    <section>
      <h2>How strongly to push</h2>
      <p>
        Held-out completions to prompts that ask for the risky way, as the vector is multiplied by
        more; random vectors of the same length are the control. Bands are 95 % intervals.
      </p>
      <div class="choices">
        <Select
          label="show"
          value={view}
          options={[
            ['all', 'all outcomes, a chart for each place'],
            ...OUTCOMES.map((one): [string, string] => [one, `${OUTCOME_LABELS[one]}, all places`]),
          ]}
          onChange={(value) => setView(value as Outcome | 'all')}
        />
      </div>
      {view === 'all' ? (
        <div class="panels">
          {curves.map((curve) => (
            <LineChart
              key={curveName(curve)}
              title={curveName(curve)}
              along="strength"
              lines={ofCurve(curve)}
              marks={[...(isChosen(curve) ? [chosen] : []), zero]}
            />
          ))}
        </div>
      ) : (
        <LineChart
          title={`${OUTCOME_LABELS[view]} by strength`}
          along="strength"
          lines={ofOutcome(view)}
          marks={[chosen, zero]}
        />
      )}
    </section>
  );
}

function Layers({ metrics: { layers, vector, model } }: { metrics: RepairMetrics }) {
  const sites = [...new Set(layers.map(({ site }) => site))];
  const lines = sites.map((site, i): ChartLine => {
    const own = layers.filter((row) => row.site === site).sort((a, b) => a.layer - b.layer);
    return {
      series: series(SITE_LABELS[site], [0, 3, 1, 2][i]!),
      points: own.map(({ layer, score, strength, reach }) => ({
        x: layer,
        value: score,
        note: `at strength ${plain(strength)}, ${REACH_LABELS[reach]}`,
      })),
    };
  });
  const all = Array.from({ length: model.nLayers }, (_, layer) => layer);
  return (
    <section>
      <h2>Where the vector works</h2>
      <p>
        Share secure and well-formed at the best setting of each layer, on task families that the
        vector was not made from, by where the activations were read.
      </p>
      <LineChart
        title="Score by layer"
        along="layer"
        lines={lines}
        marks={[{ x: vector.layer, label: `chosen: ${vector.layer}`, css: 'mark-chosen' }]}
        {...(all.length <= 12 && { labels: all })}
      />
    </section>
  );
}

function Cell({ rate }: { rate: Rate }) {
  return (
    <td>
      {share(rate)}
      {hasData(rate) && <small>{interval(rate)}</small>}
    </td>
  );
}

const groups = [{ kind: 'plain' as const, title: 'As planned', meaning: '' }, ...ARM_KINDS];

function Arms({ metrics: { arms, effects } }: { metrics: RepairMetrics }) {
  const isPlanned = (name: string): name is PrimaryArm => Object.hasOwn(ARM_LABELS, name);
  const planned = (Object.keys(ARM_LABELS) as PrimaryArm[]).flatMap(
    (name) => arms.find((arm) => arm.name === name) ?? [],
  );
  const rowsOf = (kind: string) =>
    kind === 'plain' ? planned : arms.filter((arm) => arm.kind === kind && !isPlanned(arm.name));
  return (
    <section>
      <h2>Everything it was compared with</h2>
      <p>
        Per cent with 95 % intervals on held-out prompts that ask for the risky way. The last column
        is the steering vector minus that row, in points of secure &amp; well-formed.
      </p>
      <Scrolling label="Conditions and their outcomes">
        <table class="compared">
          <thead>
            <tr>
              <th scope="col">Condition</th>
              {COMPARED_OUTCOMES.map((outcome) => (
                <th scope="col" key={outcome}>
                  {OUTCOME_LABELS[outcome]}
                </th>
              ))}
              <th scope="col">Vector minus this</th>
            </tr>
          </thead>
          {groups.map(({ kind, title, meaning }) => {
            const rows = rowsOf(kind);
            if (rows.length === 0) return null;
            return (
              <tbody key={kind}>
                <tr>
                  <th scope="rowgroup" colSpan={COMPARED_OUTCOMES.length + 2}>
                    {title}
                    <small>{meaning}</small>
                  </th>
                </tr>
                {rows.map(({ name, description, rates }) => (
                  <ArmRow
                    key={name}
                    label={description}
                    main={name === 'steered'}
                    rates={rates}
                    effect={effects.find(({ against }) => against === name)?.secureWellFormed}
                  />
                ))}
              </tbody>
            );
          })}
        </table>
      </Scrolling>
    </section>
  );
}

function ArmRow({
  label,
  main,
  rates,
  effect,
}: {
  label: string;
  main: boolean;
  rates: OutcomeRates;
  effect: RepairMetrics['effects'][number]['secureWellFormed'] | undefined;
}) {
  return (
    <tr class={main ? 'main' : undefined}>
      <th scope="row">{label}</th>
      {COMPARED_OUTCOMES.map((outcome) => (
        <Cell key={outcome} rate={rates[outcome]} />
      ))}
      <td>
        {effect && inPoints(effect.value)}
        {effect && (
          <small>
            {interval(effect)}, {pValue(effect.p)}
          </small>
        )}
      </td>
    </tr>
  );
}

function Examples({ name, metrics: { examples } }: { name: string; metrics: RepairMetrics }) {
  return (
    <section>
      <h2>Examples</h2>
      {examples.map(({ base, prompt, before, after }) => (
        <article class="example" key={base}>
          <h3>{base}</h3>
          <pre>{visible(prompt)}</pre>
          <div class="pair">
            {(
              [
                ['Without the vector', before],
                ['With it', after],
              ] as const
            ).map(([title, one]) => (
              <figure key={title}>
                <figcaption>
                  {title}: <b class={`outcome is-${one.outcome}`}>{one.outcome}</b>,{' '}
                  {visible(one.reason)}
                </figcaption>
                <pre>{visible(one.text)}</pre>
              </figure>
            ))}
          </div>
          <a href={playgroundLink(prompt, name)}>Try it in the playground</a>
        </article>
      ))}
    </section>
  );
}
