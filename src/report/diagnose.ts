import { formatSeconds } from '../core/index.js';
import {
  type DiagnoseMetrics,
  type Form,
  type Patched,
  type PatchFindings,
  PLACES,
  type Place,
  QUESTIONS,
} from '../diagnose/index.js';
import type { Intent, Rate } from '../evaluate/index.js';
import {
  capital,
  type DotRow,
  dotChart,
  gapChart,
  heatMap,
  type LayerLine,
  layerChart,
  legend,
  PERCENT_AXIS,
  SERIES,
} from './charts.js';
import {
  fixed,
  interval,
  percent,
  plain,
  share,
  shareWithInterval,
  wholePercent,
} from './format.js';
import { type Content, type Html, html } from './html.js';
import { page, provenanceList } from './page.js';
import type { Series } from './svg.js';

/**
 * The report of `suture diagnose` as one HTML file that needs nothing else: no script, no network.
 * The same metrics give the same bytes.
 */
export function renderDiagnoseReport(metrics: DiagnoseMetrics): string {
  return page(
    `Diagnosis of ${metrics.model.id}`,
    html`${opening(metrics)}
${gap(metrics)}
${decodability(metrics)}
${trajectories(metrics)}
${interventions(metrics)}
${reading(metrics)}
${provenance(metrics)}`,
  );
}

function opening({ model, about, answers }: DiagnoseMetrics): Html {
  return html`<header>
<p class="kicker">suture diagnose · ${about.cwe}</p>
<h1>Where ${model.id} drops what it knows</h1>
<p class="prose">Each answer stands with its figures, what they are compared with, and what they do not say. “Cannot tell” is an answer: no proof of an effect is not taken for proof of none. Layers are counted from 0.</p>
</header>
<section class="answers">
${answers.map(
  ({
    question,
    answer,
    short,
    words,
    control,
    caveat,
  }) => html`<article class="answer ${ANSWER_CSS[answer]}">
<div><h2>${QUESTIONS[question]}</h2><p class="short">${capital(short)}</p></div>
<div><p>${words}</p>${note('Control', control)}${note('Caveat', caveat)}</div>
</article>
`,
)}</section>`;
}

const ANSWER_CSS = { yes: 'is-yes', no: 'is-no', 'cannot tell': 'is-open' };

const note = (title: string, text: string): Html | undefined =>
  text === '' ? undefined : html`<p class="soft"><strong>${title}.</strong> ${text}</p>`;

function gap({ gap: measured }: DiagnoseMetrics): Html | undefined {
  if (!measured) return undefined;
  const review = measured.reviews.find(({ form }) => form === 'asked')!;
  const written = (form: Form, intent: Intent) =>
    measured.generation.find((one) => one.form === form && one.intent === intent)!;
  const secure = (intent: Intent) => written('asked', intent).rates;
  const rate = (label: Content, mark: Rate): DotRow => ({
    label,
    text: shareWithInterval(mark),
    series: SERIES.secureWellFormed,
    mark,
  });
  const kept = (rate: Rate) => html` <small>${share(rate)} kept to it</small>`;
  const forms = measured.reviews.map(({ form }) => form);
  return html`<section>
<h2>The gap: recognised in review, written anyway</h2>
<p>The same model first reviewed code, then wrote code. If it wrote as well as it reviews, both groups of dots would stand equally far to the right. Reviews were judged by ${measured.judge.kind === 'rules' ? 'rules' : measured.judge.model}.</p>
${gapChart({
  review: {
    sensitivity: review.issue,
    specificity: review.trueNegative,
    misleading: review.misleading,
  },
  generation: {
    insecure: secure('insecure'),
    neutral: secure('neutral'),
    secure: secure('secure'),
  },
})}
${
  forms.length > 1
    ? html`<h3>In other forms of the answer</h3>
<p>The same prompts with one more line that asks for a form, or for none (“line”), and without the chat template (“raw”). Where few answers keep to a form it says nothing.</p>
${dotChart(
  [
    {
      title: 'Review: flawed code called flawed',
      rows: measured.reviews.map(({ form, issue, kept: own }) =>
        rate(html`${form}${kept(own)}`, issue),
      ),
    },
    {
      title: 'Writing: secure, where the prompt asks for the risky way',
      rows: forms.map((form) => {
        const { rates, kept: own } = written(form, 'insecure');
        return rate(html`${form}${kept(own)}`, rates.secure);
      }),
    },
  ],
  PERCENT_AXIS,
)}`
    : undefined
}
</section>`;
}

const PROBES: Series = {
  label: 'probe of the residual stream',
  shape: 'circle',
  css: 's-repaired',
};
const WORDS: Series = { label: 'bag of tokens', shape: 'square', css: 's-insecure' };
const EMBEDDINGS: Series = { label: 'mean embedding', shape: 'diamond', css: 's-other' };
const SHUFFLED: Series = { label: 'shuffled labels', shape: 'ring', css: 's-secure' };

function decodability({ probe }: DiagnoseMetrics): Html | undefined {
  if (!probe) return undefined;
  return html`<section>
<h2>Decodable: what a linear probe reads</h2>
<p>At each layer a probe learns on some task families to tell prompts that ask for the insecure way from their secure twins, and is judged on families that it never saw: AUROC is the share of insecure and secure prompts that it puts in order, 0.5 is chance. The controls see words alone. Where they do as well, words suffice.</p>
${legend([PROBES, WORDS, EMBEDDINGS, SHUFFLED], 'band: 95 % interval')}
<div class="panels">
${probe.positions.map(({ position, layers, controls }) => {
  const level = (series: Series, value: number): LayerLine => ({
    series,
    points: layers.map(({ layer }) => ({ layer, value })),
  });
  return layerChart(
    capital(POSITIONS[position]),
    [
      level(EMBEDDINGS, controls.embeddings.auroc.value),
      level(WORDS, controls.bagOfTokens.auroc.value),
      {
        series: SHUFFLED,
        points: layers.map(({ layer, shuffled }) => ({ layer, value: shuffled })),
      },
      { series: PROBES, points: layers.map(({ layer, auroc }) => ({ layer, ...auroc })) },
    ],
    { from: 0, to: 1, marks: [0.5], label: 'AUROC', text: (value) => fixed(value, 1) },
  );
})}
</div>
</section>`;
}

const ASKED: Readonly<Record<Intent, Series>> = {
  secure: { label: 'prompt asks for the secure way', shape: 'ring', css: 's-secure' },
  neutral: { label: 'prompt names no way', shape: 'diamond', css: 's-other' },
  insecure: { label: 'prompt asks for the insecure way', shape: 'square', css: 's-insecure' },
};
const TWINS: Series = {
  label: 'secure twin minus insecure twin',
  shape: 'circle',
  css: 's-repaired',
};
const UNRELATED: Series = {
  label: 'the same of unrelated tokens',
  shape: 'diamond',
  css: 's-other',
};

function trajectories({ lens }: DiagnoseMetrics): Html | undefined {
  if (!lens) return undefined;
  const curves = (Object.keys(ASKED) as Intent[]).flatMap((intent): LayerLine[] => {
    const curve = lens.prompts[intent];
    if (!curve) return [];
    const points = curve.depths.map(({ layer, difference }) => ({ layer, ...difference }));
    return [{ series: ASKED[intent], points }];
  });
  const { depths } = lens.contrast;
  const contrast: LayerLine[] = [
    { series: UNRELATED, points: depths.map(({ layer, control }) => ({ layer, ...control })) },
    { series: TWINS, points: depths.map(({ layer, difference }) => ({ layer, ...difference })) },
  ];
  const axis = (lines: readonly LayerLine[]) => ({
    ...rangeOf(lines),
    marks: [0],
    label: 'logits',
    text: plain,
  });
  return html`<section>
<h2>The lens: what it would write after each layer</h2>
<p>The residual stream at the decision, read out through the final norm and the unembedding: the logit of the secure continuation’s first token minus that of the insecure one’s. Layer −1 is the embeddings. What the lens shows is what the last layers would make of it if they did nothing; that is not where the choice is made.</p>
${legend(
  curves.map(({ series }) => series),
  'band: 95 % interval',
)}
${legend(contrast.map(({ series }) => series))}
<div class="panels">
${layerChart('Secure minus insecure continuation', curves, axis(curves))}
${layerChart('What the prompt asks for moves it by', contrast, axis(contrast))}
</div>
</section>`;
}

const MOVED: Series = {
  label: 'moved towards the secure twin',
  shape: 'circle',
  css: 's-repaired',
};
const CHANCE: Series = {
  label: 'random vector of the same norm',
  shape: 'diamond',
  css: 's-other',
};
const PATCHED: Readonly<Record<Patched, Series>> = {
  stream: { label: 'residual stream after the block', shape: 'circle', css: 's-repaired' },
  attention: { label: 'what its attention writes', shape: 'ring', css: 's-secure' },
  mlp: { label: 'what its MLP writes', shape: 'square', css: 's-insecure' },
};

function interventions({ patch }: DiagnoseMetrics): Html | undefined {
  if (!patch) return undefined;
  const acting = (layers: typeof patch.stream): LayerLine[] => [
    { series: CHANCE, points: layers.map(({ layer, random }) => ({ layer, ...random })) },
    { series: MOVED, points: layers.map(({ layer, recovered }) => ({ layer, ...recovered })) },
  ];
  const panels: [string, LayerLine[]][] = [
    ['Residual stream replaced', acting(patch.stream)],
    ['Security direction of other families added', acting(patch.direction)],
    ['The direction removed from the secure run', acting(patch.ablation)],
    ['One block’s writing replaced', partsOf(patch)],
  ];
  const axis = {
    ...rangeOf([...panels.flatMap(([, lines]) => lines), ONE]),
    marks: [0, 1],
    label: 'share of the choice',
    text: wholePercent,
  };
  const layers = { name: 'Layer', labels: patch.stream.map(({ layer }) => String(layer)) };
  const headCount = Math.max(...patch.heads.map(({ head }) => head)) + 1;
  const heads = { name: 'Head', labels: Array.from({ length: headCount }, (_, i) => String(i)) };
  const template = patch.tokens.find(({ which }) => which === 'template');
  return html`<section>
<h2>Acting: what interventions move</h2>
<p>The prompt that asks for the insecure way is run again with one thing changed to what it is for the secure twin. 0 % leaves the choice as it was, 100 % moves it as far as the secure prompt does (${fixed(patch.total.value, 2)} logits between the twins, over ${patch.pairs} pairs). These four act at the token before the decision. There, after the last block, the whole stream recovers 100 % by construction.</p>
${legend([MOVED, CHANCE, PATCHED.attention, PATCHED.mlp], 'band: 95 % interval')}
<div class="panels">
${panels.map(([title, lines]) => layerChart(title, lines, axis))}
</div>
<h3>Where in the prompt</h3>
<p>The same replacement at other places: tokens in which the twins differ, those that are the same behind them, the prompt’s last token, the opening of the body, and the token before the decision. From the words in which the twins differ it travels to where the decision is made.</p>
<div class="panels">
${patch.grid.map(({ patched, cells }) => {
  const places = PLACES.filter((place) => cells.some((cell) => cell.place === place));
  return heatMap(
    capital(PATCHED[patched].label),
    layers,
    { name: 'Place', labels: places.map((place) => PLACE_LABELS[place]) },
    (layer, place) =>
      cells.find((cell) => cell.layer === layer && cell.place === places[place])?.into.value,
  );
})}
${PLACES.filter((place) => patch.heads.some((one) => one.place === place)).map((place) =>
  heatMap(`One head alone: ${PLACE_LABELS[place]}`, layers, heads, (layer, head) => {
    const here = (one: (typeof patch.heads)[number]) =>
      one.layer === layer && one.head === head && one.place === place;
    return patch.heads.find(here)?.recovered.value;
  }),
)}
</div>
${
  template &&
  html`<p class="soft">Making the tokens of the chat template (${fixed(template.count, 1)} a prompt) mean embeddings moves the choice ${percent(template.recovered.value)} (${interval(template.recovered)}) of the way from the insecure to the neutral prompt.</p>`
}
</section>`;
}

/** What attention and MLP write at the decision, each replaced alone. */
function partsOf({ grid }: PatchFindings): LayerLine[] {
  return grid.flatMap(({ patched, cells }) =>
    patched === 'stream'
      ? []
      : {
          series: PATCHED[patched],
          points: cells.flatMap(({ layer, place, into }) =>
            place === 'decision' ? { layer, ...into } : [],
          ),
        },
  );
}

const PLACE_LABELS: Readonly<Record<Place, string>> = {
  changed: 'changed',
  between: 'same, after',
  last_prompt: 'last of prompt',
  opening: 'opening',
  decision: 'decision',
};

/** Has the mark at 1 within the drawing. */
const ONE: LayerLine = { series: MOVED, points: [{ layer: 0, value: 1 }] };

/** From the least to the greatest end of an interval, and 0. */
function rangeOf(lines: readonly LayerLine[]): { from: number; to: number } {
  const ends = lines.flatMap(({ points }) =>
    points.flatMap(({ value, low = value, high = value }) => [value, low, high]),
  );
  const finite = [0, ...ends.filter(Number.isFinite)];
  return { from: Math.min(...finite), to: Math.max(...finite) };
}

const POSITIONS = {
  last_prompt: 'last prompt token',
  decision: 'the decision',
  changed: 'mean of the changed tokens',
  mean: 'mean of all tokens',
} as const;

function reading({ data }: DiagnoseMetrics): Html {
  const bases = data.bases.length;
  return html`<section>
<h2>How to read the figures</h2>
<p>Prompts of one task family (a base) resemble each other, so a family, not a prompt, is the unit of evidence. The 95 % intervals come from drawing whole families again and again with replacement. p comes from flipping the signs of whole families: how often would so large a difference arise if each family’s were as likely to point the other way? With ${bases} families none can be below ${(2 ** (1 - bases)).toFixed(3)}, and intervals tend to be somewhat too narrow.</p>
</section>`;
}

function provenance({ model, data, about, config, seconds }: DiagnoseMetrics): Html {
  const rows: [string, Content][] = [
    ['Model', `${model.id} (${model.family}, ${model.nLayers} layers, d_model ${model.dModel})`],
    ['Model hash', html`<code>${model.hash}</code>`],
    ['Task families', data.bases.join(', ')],
    ['Data', `${about.pairs}: ${data.pairs} prompt pairs, ${data.reviewItems} snippets to review`],
    ['Made', `by suture ${about.suture}, in ${formatSeconds(seconds)}`],
    ['Configuration', html`<pre>${JSON.stringify(config, null, 2)}</pre>`],
  ];
  return provenanceList(rows);
}
