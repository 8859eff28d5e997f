import { formatSeconds } from '../core/index.js';
import type { Difference, OutcomeRates, Rate } from '../evaluate/index.js';
import { PRIMARY, type PrimaryArm, type RepairMetrics } from '../repair/index.js';
import { SITES, type Site } from '../steer/index.js';
import {
  capital,
  curveTitle,
  type DotRow,
  dotChart,
  gapChart,
  layerTable,
  legend,
  PERCENT_AXIS,
  SERIES,
  strengthChart,
} from './charts.js';
import {
  fixed,
  hasData,
  interval,
  percent,
  plain,
  pointsWithInterval,
  pValue,
  share,
  shareWithInterval,
} from './format.js';
import { type Content, type Html, html } from './html.js';
import { page, provenanceList, scrolling } from './page.js';
import {
  ARM_KINDS,
  ARM_LABELS,
  COMPARED_OUTCOMES,
  OUTCOME_LABELS,
  REACH_LABELS,
  ratesOf,
  reproduceCommand,
  SITE_LABELS,
  WEAKNESSES,
} from './words.js';

/**
 * The report of `suture repair` as one HTML file that needs nothing else: no script, no network.
 * The same metrics give the same bytes.
 *
 * @param metrics what was measured; shares of nothing (`total` 0) are shown as "no data"
 */
export function renderRepairReport(metrics: RepairMetrics): string {
  const title = `${metrics.cwe} repair of ${metrics.model.id}`;
  return page(
    title,
    html`${opening(metrics)}
${gap(metrics)}
${where(metrics)}
${strength(metrics)}
${heldOut(metrics)}
${effects(metrics)}
${comparisons(metrics)}
${leaks(metrics)}
${elsewhere(metrics)}
${examples(metrics)}
${reading(metrics)}
${limits(metrics)}
${provenance(metrics)}`,
  );
}

function opening(metrics: RepairMetrics): Html {
  const { model, cwe, gap, findings } = metrics;
  const before = ratesOf(metrics, 'none');
  const after = ratesOf(metrics, 'steered');
  const weakness = WEAKNESSES[cwe];
  return html`<header>
<p class="kicker">suture repair · ${cwe}, ${weakness.name}</p>
<h1>What happened to ${model.id}</h1>
<p class="lead">Shown flawed code for review, the model recognised <strong>${share(gap.review.sensitivity)}</strong> of it as flawed. Prompted to write such code the risky way, it wrote the flaw anyway in <strong>${share(before?.insecure)}</strong> of its completions. One vector, added ${placeOf(metrics)}, changed that to <strong>${share(after?.insecure)}</strong> on task families that it had never seen.</p>
<p class="prose">The flaw is ${weakness.meaning}. Completions that are secure <em>and</em> well-formed, which is what counts as repaired, went from ${share(before?.secureWellFormed)} to ${share(after?.secureWellFormed)}. With a random vector of the same length they are ${share(ratesOf(metrics, 'random')?.secureWellFormed)}; with a security reminder in the prompt instead, ${share(ratesOf(metrics, 'prompt')?.secureWellFormed)}.</p>
</header>
${summary(metrics)}
<ul class="findings">${findings.map((finding) => html`<li>${finding}</li>`)}</ul>`;
}

/** The whole result on a few lines. */
function summary(metrics: RepairMetrics): Html {
  const { utility } = metrics;
  const shown = PRIMARY.filter((name) => ratesOf(metrics, name) !== undefined);
  return scrolling(
    'arms',
    'Prompted to write the risky way, on task families that nothing was made from: per cent with 95 % intervals.',
    html`
<thead><tr><th scope="col"></th><th scope="col">Insecure<small>lower is better</small></th><th scope="col">Secure &amp; well-formed<small>higher is better</small></th>${utility && html`<th scope="col">Ordinary tasks right<small>must not fall</small></th>`}</tr></thead>
<tbody>${shown.map((name) => {
      const rates = ratesOf(metrics, name)!;
      return html`<tr${name === 'steered' ? html` class="main"` : undefined}><th scope="row">${capital(ARM_LABELS[name])}</th>${rateCell(rates.insecure)}${rateCell(rates.secureWellFormed)}${utility && rateCell(utility[name].pass)}</tr>\n`;
    })}</tbody>`,
  );
}

/** Folds may have chosen different layers: then the opening must not say that one layer did it. */
function placeOf({ folds, vector, model }: RepairMetrics): string {
  const layer = `layer ${vector.layer} of ${model.nLayers} (counted from 0)`;
  return folds.every((fold) => fold.layer === vector.layer)
    ? `at ${layer}`
    : `at a layer that was chosen without them (${layer} in the saved vector)`;
}

function gap({ gap: measured }: RepairMetrics): Html {
  const { raw, corrected } = measured;
  return html`<section>
<h2>The gap: recognised in review, written anyway</h2>
<p>The same model first reviewed code, then wrote code. If it wrote as well as it reviews, both groups of dots would stand equally far to the right.</p>
${gapChart(measured)}
<p>The gap, flawed code recognised less code written securely when asked for the risky way, is <strong>${pointsWithInterval(raw)}</strong>, ${pValue(raw.p)}. Corrected for alarms about safe code it is <strong>${pointsWithInterval(corrected)}</strong>: a model that calls everything flawed gains nothing from that.</p>
</section>`;
}

function where(metrics: RepairMetrics): Html {
  return html`<section>
<h2>Where the vector works</h2>
<p>At every layer a vector was made from the activations under prompts that ask for the safe way and twins that ask for the risky way: their mean difference, or what else the table names. It was then added, times a strength, to the last prompt token, alone or with every generated one (“reach”). The score is the share that came out secure and well-formed at the best reach and strength, on task families that the vector was not made from. “Vector” is the length of the vector, “stream” that of the activations it is added to.</p>
<div class="panels">
${sitesOf(metrics.layers).map((site) => layerTable(metrics, site))}
</div>
<p class="soft">The two tables differ in where the activations were read. Last prompt token: where the prompt ends. Decision point: just before the secure and the insecure way of writing the same code part.</p>
</section>`;
}

function strength({ curves, vector }: RepairMetrics): Html {
  const chosenIn = (curve: RepairMetrics['curves'][number]) =>
    !curve.random &&
    curve.layer === vector.layer &&
    curve.site === vector.site &&
    curve.reach === vector.reach
      ? vector.strength
      : undefined;
  return html`<section>
<h2>How strongly to push</h2>
<p>Held-out completions as the vector is multiplied by more, with the layer and the reach (${REACH_LABELS[curves[0]?.reach ?? vector.reach]}) that were chosen most often: strength 1 adds it once. Where too much of it breaks the code, “other” rises and secure completions stop being well-formed.</p>
${legend([SERIES.secureWellFormed, SERIES.secure, SERIES.insecure, SERIES.other], 'band: 95 % interval of secure & well-formed')}
<div class="panels">
${curves.map((curve) => strengthChart(curve, chosenIn(curve)))}
</div>
<details><summary>The same as numbers</summary>
${curves.map((curve) =>
  scrolling(
    'arms',
    `${curveTitle(curve)}, per cent`,
    html`
<thead><tr><th scope="col">Strength</th>${DRAWN.map((name) => html`<th scope="col">${OUTCOME_LABELS[name]}</th>`)}</tr></thead>
<tbody>${curve.points.map(
      ({ strength, rates }) =>
        html`<tr><th scope="row">${plain(strength)}</th>${DRAWN.map((name) => rateCell(rates[name]))}</tr>\n`,
    )}</tbody>`,
  ),
)}
</details>
</section>`;
}

const DRAWN = ['secure', 'insecure', 'other', 'secureWellFormed'] as const;

const ROWS: readonly { outcome: keyof OutcomeRates; meaning: string }[] = [
  { outcome: 'secureWellFormed', meaning: 'what counts as repaired' },
  { outcome: 'secure', meaning: 'every risky place is shown safe' },
  { outcome: 'insecure', meaning: 'some risky place is shown unsafe' },
  { outcome: 'other', meaning: 'neither can be established' },
  { outcome: 'wellFormed', meaning: 'parses, and every name is defined' },
  { outcome: 'parses', meaning: 'follows the grammar' },
  { outcome: 'degenerate', meaning: 'repeats itself or is empty' },
  { outcome: 'truncated', meaning: 'cut off at the token limit' },
  { outcome: 'refusal', meaning: 'declines to write code' },
];

const FOLD_OUTCOMES = ['insecure', 'secureWellFormed'] as const;

function heldOut(metrics: RepairMetrics): Html {
  const { folds, data } = metrics;
  const arms = PRIMARY.flatMap((name) => {
    const found = metrics.arms.find((arm) => arm.name === name);
    return found ? [{ ...found, name }] : [];
  });
  const chart = (outcome: 'insecure' | 'secureWellFormed') =>
    arms.map(
      ({ name, rates }): DotRow => ({
        label: ARM_LABELS[name],
        text: shareWithInterval(rates[outcome]),
        series: SERIES[outcome],
        mark: rates[outcome],
      }),
    );
  const of = (rate: Rate) => html`<small>${rate.hits} of ${rate.total}</small>`;
  const names = arms.map((arm) => arm.name);
  return html`<section>
<h2>On task families it had never seen</h2>
<p>Each of the ${data.bases.length} task families was held out in turn: vector, layer, site, reach and strength were settled on the others, then tried on its prompts. All figures here are of held-out prompts that ask for the risky way, in wordings that no vector was made from.</p>
${dotChart(
  [
    { title: 'Insecure: lower is better', rows: chart('insecure') },
    { title: 'Secure & well-formed: higher is better', rows: chart('secureWellFormed') },
  ],
  PERCENT_AXIS,
)}
${scrolling(
  'arms',
  'All outcomes, with 95 % intervals in per cent. Secure, insecure and other add up to 100 %.',
  html`
<thead><tr><th scope="col">Outcome</th>${arms.map(({ name, description }) => html`<th scope="col">${ARM_LABELS[name]}<small>${description}</small></th>`)}</tr></thead>
<tbody>${ROWS.map(
    ({ outcome, meaning }, i) =>
      html`<tr${i === 0 ? html` class="main"` : undefined}><th scope="row">${OUTCOME_LABELS[outcome]}<small>${meaning}</small></th>${arms.map(({ rates }) => rateCell(rates[outcome], i === 0 ? of(rates[outcome]) : undefined))}</tr>\n`,
  )}</tbody>
`,
)}
${scrolling(
  'folds',
  'One row per held-out family: what was chosen without it, and what it did there, in per cent.',
  html`
<thead>
<tr><th rowspan="2" scope="col">Held out</th><th rowspan="2" scope="col">Chosen</th><th rowspan="2" scope="col">Score when<br>chosen</th>${FOLD_OUTCOMES.map((outcome) => html`<th colspan="${names.length}" scope="colgroup">${OUTCOME_LABELS[outcome]}</th>`)}</tr>
<tr>${FOLD_OUTCOMES.map(() => names.map((name) => html`<th scope="col">${ARM_LABELS[name]}</th>`))}</tr>
</thead>
<tbody>${folds.map(
    (fold) =>
      html`<tr><th scope="row">${fold.base}</th><td>layer ${fold.layer}, strength ${plain(fold.strength)}<small>${SITE_LABELS[fold.site]}, ${REACH_LABELS[fold.reach]}, length ${fixed(fold.norm, 2)}</small></td><td>${percent(fold.innerScore)}${fold.ordinaryLoss === undefined ? undefined : html`<small>${percent(fold.ordinaryLoss)} of ordinary tasks lost</small>`}</td>${FOLD_OUTCOMES.map((outcome) => foldCells(fold.arms, names, outcome))}</tr>\n`,
  )}</tbody>
`,
)}
</section>`;
}

function foldCells(
  arms: Record<PrimaryArm, OutcomeRates>,
  names: readonly PrimaryArm[],
  outcome: 'insecure' | 'secureWellFormed',
): Html {
  return html`${names.map((name) => html`<td${name === 'steered' ? html` class="main"` : undefined}>${share(arms[name]?.[outcome])}</td>`)}`;
}

/** A share with its interval on a second line. */
function rateCell(rate: Rate, note?: Html): Html {
  return html`<td>${share(rate)}${hasData(rate) ? html`<small>${interval(rate)}</small>` : undefined}${note}</td>`;
}

function effects({ effects: measured }: RepairMetrics): Html {
  const rows = (outcome: 'insecure' | 'secureWellFormed') =>
    measured
      .filter(({ primary }) => primary)
      .map((effect): DotRow => {
        const difference = effect[outcome];
        return {
          label: `against ${ARM_LABELS[effect.against as PrimaryArm]}`,
          text: html`${pointsWithInterval(difference)}, ${pValue(difference.p)}`,
          series: SERIES[outcome],
          mark: difference,
        };
      });
  return html`<section>
<h2>How much the vector changes</h2>
<p>The steering vector against each other arm on the same prompts: the change in percentage points. An interval that crosses zero leaves open whether there is a change at all.</p>
${dotChart(
  [
    { title: 'Change in insecure: left is better', rows: rows('insecure') },
    {
      title: 'Change in secure & well-formed: right is better',
      rows: rows('secureWellFormed'),
    },
  ],
  { from: -1, to: 1, at: [-1, -0.5, 0, 0.5, 1], unit: 'percentage points' },
)}
</section>`;
}

/** All arms but the four that were planned to be compared, and those of leaks. */
function comparisons({ arms, effects: measured, vector }: RepairMetrics): Html {
  const others = arms.filter(({ name }) => !(PRIMARY as readonly string[]).includes(name));
  return html`<section>
<h2>Everything it was compared with</h2>
<p>The same prompts under other conditions. The last column is the steering vector minus that row, in percentage points of secure &amp; well-formed; p is corrected for all comparisons together (max-T over flipped families). Different texts say how much of it repeats itself.</p>
${scrolling(
  'compared',
  'Per cent with 95 % intervals.',
  html`
<thead><tr><th scope="col">Condition</th>${COMPARED_OUTCOMES.map((name) => html`<th scope="col">${capital(OUTCOME_LABELS[name])}</th>`)}<th scope="col">Different texts</th><th scope="col">Vector minus this</th></tr></thead>
${ARM_KINDS.map(({ kind, title, meaning }) => {
  const own = others.filter((arm) => arm.kind === kind);
  if (own.length === 0) return undefined;
  return html`<tbody><tr><th scope="rowgroup" colspan="${COMPARED_OUTCOMES.length + 3}">${title}<small>${meaning}</small></th></tr>
${own.map(({ name, description, rates, distinct }) => {
  const effect = measured.find(({ against }) => against === name)?.secureWellFormed;
  const cosine = Object.entries(vector.cosines).find(([cwe]) => name === `other ${cwe}`)?.[1];
  return html`<tr><th scope="row">${capital(description)}${cosine === undefined ? undefined : html`<small>cosine with the vector for use ${cosine.toFixed(2)}</small>`}</th>${COMPARED_OUTCOMES.map((outcome) => rateCell(rates[outcome]))}<td>${distinct} of ${rates.secure.total}</td><td>${effect && html`${pointsWithInterval(effect)}<small>${pValue(effect.p)}</small>`}</td></tr>\n`;
})}</tbody>`;
})}
`,
)}
</section>`;
}

/** The vector beside vectors that saw what they are judged on: what others' figures may owe to that. */
function leaks({ arms, effects: measured }: RepairMetrics): Html | undefined {
  const honest = arms.filter(({ name }) => name === 'steered');
  const leaky = arms.filter(({ kind }) => kind === 'leak');
  if (leaky.length === 0) return undefined;
  const shown = [...honest, ...leaky];
  const nameOf = ({ name, description }: (typeof arms)[number]) =>
    name === 'steered' ? 'Made without the judged family' : capital(description);
  const chart = (outcome: 'insecure' | 'secureWellFormed') =>
    shown.map(
      (arm): DotRow => ({
        label: nameOf(arm),
        text: shareWithInterval(arm.rates[outcome]),
        series: SERIES[outcome],
        mark: arm.rates[outcome],
      }),
    );
  return html`<section>
<h2>What leaking data would have shown</h2>
<p>The same repair with vectors that saw the family, or the very prompts, that they are judged on. How much more these repair than the vector is how much such a result would flatter.</p>
${dotChart(
  [
    { title: 'Insecure: lower is better', rows: chart('insecure') },
    { title: 'Secure & well-formed: higher is better', rows: chart('secureWellFormed') },
  ],
  PERCENT_AXIS,
)}
${scrolling(
  'compared',
  'Per cent with 95 % intervals; by how much it flatters in percentage points of secure & well-formed, p corrected with all other comparisons.',
  html`
<thead><tr><th scope="col"></th>${COMPARED_OUTCOMES.map((name) => html`<th scope="col">${capital(OUTCOME_LABELS[name])}</th>`)}<th scope="col">Flattered by</th></tr></thead>
<tbody>${shown.map((arm) => {
    const effect = measured.find(({ against }) => against === arm.name)?.secureWellFormed;
    return html`<tr${arm.kind === 'leak' ? undefined : html` class="main"`}><th scope="row">${nameOf(arm)}</th>${COMPARED_OUTCOMES.map((name) => rateCell(arm.rates[name]))}<td>${effect && html`${pointsWithInterval(turned(effect))}<small>${pValue(effect.p)}</small>`}</td></tr>\n`;
  })}</tbody>`,
)}
</section>`;
}

/** The same difference, the other way round. */
const turned = ({ value, low, high }: Omit<Difference, 'p'>) => ({
  value: -value,
  low: -high,
  high: -low,
});

/** Where there was nothing to repair: prompts that ask for neither way, and ordinary tasks. */
function elsewhere({ neutral, utility }: RepairMetrics): Html {
  const row = (title: string, rates: OutcomeRates) =>
    html`<tr><th scope="row">${title}</th>${DRAWN.map((name) => rateCell(rates[name]))}</tr>\n`;
  return html`<section>
<h2>What it does where it was not called for</h2>
<p>Prompts of the same families that ask for neither way. With the vector, secure &amp; well-formed changes by <strong>${pointsWithInterval(neutral.secureWellFormed)}</strong> (${pValue(neutral.secureWellFormed.p)}), insecure by ${pointsWithInterval(neutral.insecure)}.</p>
${scrolling(
  'arms',
  'Neutral prompts, per cent with 95 % intervals.',
  html`
<thead><tr><th scope="col"></th>${DRAWN.map((name) => html`<th scope="col">${capital(OUTCOME_LABELS[name])}</th>`)}</tr></thead>
<tbody>${row('As it is', neutral.before)}${row('Steered', neutral.after)}</tbody>`,
)}
${
  utility
    ? html`<p>Ordinary tasks that have nothing to do with security, answered greedily. KL says how far the distribution over the next token moves on right answers, in nats per token; perplexity is that of the right answers.</p>
${scrolling(
  'arms',
  'Ordinary tasks under the vector for use.',
  html`
<thead><tr><th scope="col"></th><th scope="col">Right</th><th scope="col">Change</th><th scope="col">KL</th><th scope="col">Perplexity</th></tr></thead>
<tbody>${PRIMARY.map((name) => {
    const { pass, change, kl, perplexity } = utility[name];
    return html`<tr><th scope="row">${capital(ARM_LABELS[name])}</th>${rateCell(pass)}<td>${name === 'none' ? undefined : pointsWithInterval(change)}</td><td>${fixed(kl, 3)}</td><td>${fixed(perplexity, 3)}</td></tr>\n`;
  })}</tbody>`,
)}`
    : html`<p class="soft">No ordinary tasks were given, so what the vector does to them is not known.</p>`
}
</section>`;
}

function examples({ examples: shown }: RepairMetrics): Html | undefined {
  if (shown.length === 0) return undefined;
  return html`<section>
<h2>Before and after</h2>
<p>The first prompt of each held-out family and its first completion, whatever became of it, without and with the vector. A line at the edge marks where the two differ.</p>
${shown.map(({ base, prompt, before, after }) => {
  const [beforeLines, afterLines] = markChanges(before.text, after.text);
  return html`<article class="example">
<h3>${base}</h3>
<pre>${prompt}</pre>
<div class="pair">
${completion('Before', before, beforeLines)}
${completion('After', after, afterLines)}
</div>
</article>`;
})}
</section>`;
}

function completion(
  title: string,
  { outcome, reason }: RepairMetrics['examples'][number]['before'],
  code: Html,
): Html {
  const css = outcome === 'secure' || outcome === 'insecure' ? outcome : 'other';
  return html`<figure class="s-${css}"><figcaption>${title}: <span class="outcome">${outcome}</span><br><span class="soft">${reason}</span></figcaption><pre>${code}</pre></figure>`;
}

/** Marks the lines between the common beginning and the common end of two texts. */
function markChanges(a: string, b: string): [Html, Html] {
  const [left, right] = [a.split('\n'), b.split('\n')];
  const shorter = Math.min(left.length, right.length);
  let start = 0;
  while (start < shorter && left[start] === right[start]) start++;
  let end = 0;
  while (end < shorter - start && left.at(-1 - end) === right.at(-1 - end)) end++;
  const marked = (lines: string[]) =>
    html`${lines.map((line, i) => {
      const changed = i >= start && i < lines.length - end;
      return changed ? html`<span class="changed">${line}\n</span>` : `${line}\n`;
    })}`;
  return [marked(left), marked(right)];
}

function reading({ data, effects }: RepairMetrics): Html {
  return html`<section>
<h2>How to read the intervals</h2>
<p>Prompts of one task family resemble each other, so a family, not a completion, is the unit of evidence. The 95 % intervals come from drawing whole families again and again with replacement (bootstrap over bases). p comes from the exact sign-flip test over families: how often would a difference at least as large, in either direction, arise if each family’s difference were as likely to point the other way?</p>
<p>There are ${data.bases.length} families. With so few, intervals tend to be somewhat too narrow, and p cannot fall below ${(2 ** (1 - data.bases.length)).toFixed(3)} however large the effect. Look at the row of each family as well as at the pooled figure. The three comparisons that were planned (with no steering, a random vector and the reminder) are Holm-corrected, so their p cannot fall below ${(effects.filter(({ primary }) => primary).length * 2 ** (1 - data.bases.length)).toFixed(3)}; all others are corrected together; the rest stand alone.</p>
</section>`;
}

function limits({ cwe, model, data }: RepairMetrics): Html {
  return html`<section>
<h2>Limits</h2>
<ul class="findings">
<li>This holds for ${model.id}, for ${cwe} and for tasks like the ${data.bases.length} families below; it says nothing about other weaknesses, models or longer code.</li>
<li>Secure means that a static analysis of the one function found every risky place safe. Code is not run, and what it does is not compared with what was asked: secure and well-formed code may still be wrong.</li>
<li>Prompts ask for the risky way outright. In everyday use fewer completions are insecure to begin with, so there is less to gain.</li>
<li>The saved vector is made from all families. What is reported here is how vectors made in the same way, each without one family, did on that family.</li>
<li>A vector subtracted instead of added may do the opposite. Treat the vector file as sensitive.</li>
</ul>
</section>`;
}

function provenance(metrics: RepairMetrics): Html {
  const { model, data, sampling, vector, quality } = metrics;
  const rows: [string, Content][] = [
    [
      'Model',
      `${model.id} (${model.family}, ${model.nLayers} layers counted from 0, d_model ${model.dModel})`,
    ],
    ['Model hash', html`<code>${model.hash}</code>`],
    ['Tokenizer hash', html`<code>${model.tokenizerHash}</code>`],
    [
      'Vector',
      html`<code>${vector.file}</code>, layer ${vector.layer}, ${SITE_LABELS[vector.site]}, ${REACH_LABELS[vector.reach]}, strength ${plain(vector.strength)}, length ${fixed(vector.norm, 2)}`,
    ],
    ['Task families', data.bases.join(', ')],
    [
      'Data',
      `${data.derivePairs} prompt pairs to make vectors, ${data.judgePairs} to judge them, ${data.reviewItems} snippets to review, ${data.ordinaryTasks} ordinary tasks to judge the cost, ${data.boundingTasks} of other families to bound it`,
    ],
    [
      'Settings chosen among those with',
      `at most ${percent(quality.other)} other, ${percent(quality.degenerate)} degenerate and ${percent(quality.ordinary)} of ordinary tasks lost, and at least ${percent(quality.parses)} that parse; ${quality.exceeded} of ${metrics.folds.length} families had none such`,
    ],
    [
      'Sampling',
      `${sampling.samplesPerPrompt} per prompt, temperature ${plain(sampling.temperature)}, top-p ${plain(sampling.topP)}, at most ${sampling.maxNewTokens} tokens`,
    ],
    ['Seed', metrics.seed],
    [
      'Made',
      `${metrics.created} by suture ${metrics.suture}, in ${formatSeconds(metrics.seconds)}`,
    ],
    ['To reproduce', html`<code>${reproduceCommand(metrics)}</code>`],
  ];
  return provenanceList(rows);
}

function sitesOf(rows: readonly { site: Site }[]): Site[] {
  return SITES.filter((site) => rows.some((row) => row.site === site));
}
