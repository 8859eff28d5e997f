import { join } from 'node:path';
import { Command, Option } from 'commander';
import { ensure, formatSeconds, writeFileAtomic } from '../core/index.js';
import { inspectModel, type Model, type Provider, type WeightDType } from '../engine/index.js';
import type { Rate } from '../evaluate/index.js';
import {
  checkPreset,
  PRESET_TOKENS,
  PRESETS,
  type Preset,
  presetGrid,
  presetOf,
  type RepairMetrics,
  repair,
} from '../repair/index.js';
import { renderRepairReport, renderTerminalSummary } from '../report/index.js';
import { CWES, type Cwe } from '../scan/index.js';
import {
  type Dictionary,
  defaultGrid,
  type Grid,
  METHODS,
  type Method,
  QUALITY,
  REACHES,
  type Reach,
  readDictionary,
  SITES,
  type Site,
} from '../steer/index.js';
import { formatTable } from './format.js';
import { interruptible } from './interrupt.js';
import { load } from './load.js';
import {
  cwe,
  deviceOption,
  dtypeOption,
  integer,
  modelOption,
  namesOf,
  positive,
  share,
  threadsOption,
  wholeNumber,
} from './options.js';
import { type Ordinary, ordinaryOf } from './ordinary.js';
import { StagedProgress } from './progress.js';
import {
  answerLength,
  itemsOf,
  itemsOption,
  pairsOf,
  pairsOption,
  type SetOptions,
  setOption,
} from './sets.js';

interface Options extends SetOptions {
  cwe: Cwe[];
  out?: string;
  seed: number;
  preset?: string;
  samples?: number;
  methods?: Method[];
  sites?: Site[];
  layers?: number[];
  dictionary?: string;
  dictionaryLayer?: number;
  reaches?: Reach[];
  strengths?: number[];
  maxLoss: number;
  dtype: WeightDType;
  threads?: number;
  device: Provider;
  json?: true;
}

/** `suture repair`: gap, vector, effect, report. */
export function repairCommand(): Command {
  return new Command('repair')
    .description(
      'measure the gap, derive a steering vector, and measure its effect on tasks it never saw',
    )
    .addOption(modelOption())
    .addOption(
      new Option('-c, --cwe <cwe>', 'the weakness to repair, or all, one after the other')
        .argParser((text): Cwe[] => (text === 'all' ? [...CWES] : [cwe(text)]))
        .default(['CWE-787'], 'CWE-787'),
    )
    .addOption(setOption())
    .addOption(pairsOption())
    .addOption(itemsOption())
    .option(
      '-o, --out <dir>',
      'run folder; with --cwe all one in it for each weakness (default: runs/repair-<cwe>-seed<seed>)',
    )
    .addOption(
      new Option(
        '--preset <name>',
        `the published protocol on your weights: ${PRESETS.map(({ name }) => name).join(', ')}`,
      ).conflicts(['methods', 'sites', 'layers', 'reaches', 'strengths']),
    )
    .option('--seed <n>', 'seed of every random draw', wholeNumber(0), 0)
    .option(
      '-n, --samples <n>',
      'completions of each prompt under each condition (default: 2, or what a preset says)',
      wholeNumber(1),
    )
    .option('--methods <names>', `how vectors are made, of ${METHODS.join(', ')}`, namesOf(METHODS))
    .option('--sites <names>', `where activations are read, of ${SITES.join(', ')}`, namesOf(SITES))
    .option('--layers <list>', 'layers to try; negative ones count from the last', (text) =>
      text.split(',').map(integer),
    )
    .option(
      '--dictionary <file>',
      'a sparse autoencoder of the stream (safetensors), one feature of which is tried too',
    )
    .option(
      '--dictionary-layer <n>',
      'after which block it was trained, if it does not say',
      wholeNumber(0),
    )
    .option(
      '--reaches <names>',
      `where the vector acts, of ${REACHES.join(', ')}`,
      namesOf(REACHES),
    )
    .option('--strengths <list>', 'multiples of the vector to try', (text) =>
      text.split(',').map(positive),
    )
    .option(
      '--max-loss <share>',
      'most of the ordinary tasks that a setting may lose to be chosen; 1 sets no bound',
      share,
      QUALITY.ordinary,
    )
    .addOption(dtypeOption())
    .addOption(deviceOption())
    .addOption(threadsOption())
    .option('--json', 'print the metrics as JSON instead of the summary')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { seed, dtype, device, threads } = options;
  const all = options.cwe.length > 1;
  const outOf = (name: string) => {
    const usual = join('runs', `repair-${name.toLowerCase()}-seed${seed}`);
    if (options.out === undefined) return usual;
    return all ? join(options.out, name.toLowerCase()) : options.out;
  };
  const preset = options.preset === undefined ? undefined : presetOf(options.preset);
  if (preset) announce(preset, options);
  const dictionary =
    options.dictionary === undefined
      ? undefined
      : readDictionary(options.dictionary, options.dictionaryLayer);
  await interruptible(async (signal) => {
    const model = await load(options.model, { dtype, device, threads, signal });
    let ordinary: Ordinary | undefined;
    try {
      ordinary = await ordinaryOf(options);
      const shared = { preset, dictionary, ordinary };
      const found: RepairMetrics[] = [];
      for (const one of options.cwe) {
        const out = outOf(one);
        const metrics = await repairOne(model, options, shared, one, out, signal);
        found.push(metrics);
        writeFileAtomic(join(out, 'report.html'), renderRepairReport(metrics));
        if (options.json) continue;
        const beside = preset ? showPublished(preset, metrics) : '';
        process.stdout.write(`${summaryOf(metrics, out)}${beside}${all ? '\n' : ''}`);
      }
      if (options.json) {
        process.stdout.write(`${JSON.stringify(all ? found : found[0], null, 2)}\n`);
      } else if (all) {
        process.stdout.write(showTransfer(found));
      }
    } finally {
      await ordinary?.close();
      await model.close();
    }
  });
}

/** What all weaknesses of one call are repaired with. */
interface Shared {
  preset: Preset | undefined;
  dictionary: Dictionary | undefined;
  ordinary: Ordinary;
}

async function repairOne(
  model: Model,
  options: Options,
  { preset, dictionary, ordinary }: Shared,
  one: Cwe,
  out: string,
  signal: AbortSignal,
): Promise<RepairMetrics> {
  const { seed, samples = preset?.samples[one] ?? 2 } = options;
  const progress = new StagedProgress();
  const metrics = await repair(model, {
    cwe: one,
    pairs: pairsOf(options, one),
    reviewItems: itemsOf(options, one),
    // A file of one's own need not have them all.
    others: new Map(
      CWES.filter((other) => other !== one && options.pairs === undefined).map((other) => [
        other,
        pairsOf(options, other),
      ]),
    ),
    ordinary: ordinary.ordinary,
    quality: { ...QUALITY, ordinary: options.maxLoss },
    ...(ordinary.isRight && { isRight: ordinary.isRight }),
    maxNewTokens: preset ? PRESET_TOKENS : answerLength(options),
    grid: gridOf(options, preset, one, model.nLayers, dictionary?.layer),
    ...(dictionary && { dictionary }),
    out,
    seed,
    samples,
    signal,
    onProgress: (stage, done, total) =>
      progress.update(options.cwe.length > 1 ? `${one} ${stage}` : stage, done, total),
  });
  progress.done();
  return metrics;
}

/** What is tried, as far as options or a preset say; a feature is tried beside the rest. */
function gridOf(
  options: Options,
  preset: Preset | undefined,
  one: Cwe,
  nLayers: number,
  dictionaryLayer: number | undefined,
): Partial<Grid> {
  const { methods, sites, layers, reaches, strengths } = options;
  const grid: Partial<Grid> = {
    ...(preset && presetGrid(preset, one)),
    ...(methods && { methods }),
    ...(sites && { sites }),
    ...(layers && { layers: layers.map((layer) => resolveLayer(layer, nLayers)) }),
    ...(reaches && { reaches }),
    ...(strengths && { strengths }),
  };
  ensure(
    dictionaryLayer !== undefined || !grid.methods?.includes('sae_feature'),
    'BAD_ARGUMENT',
    'A feature needs the sparse autoencoder that it is of: give one (--dictionary).',
  );
  if (dictionaryLayer === undefined) return grid;
  const { methods: usual, layers: tried } = { ...defaultGrid(nLayers), ...grid };
  return {
    ...grid,
    methods: [...new Set<Method>([...usual, 'sae_feature'])],
    layers: [...new Set([...tried, dictionaryLayer])].sort((a, b) => a - b),
  };
}

/** What a preset is about to do, before anything is loaded. */
function announce(preset: Preset, options: Options): void {
  const { id, family = '', sizes, needs = [], memory } = inspectModel(options.model);
  const { nLayers = 0, dModel = 0 } = sizes;
  checkPreset(preset, { id, family, nLayers, dModel });
  const counts = options.cwe.map((one) => {
    const grid = presetGrid(preset, one);
    const pairs = pairsOf(options, one);
    const bases = new Set(pairs.map(({ base }) => base)).size;
    const judged = pairs.filter(({ split }) => split === 'judge').length;
    // The gap's three, sixteen arms with five random vectors each, neutral prompts, and the curves.
    const arms = judged * (options.samples ?? preset.samples[one]) * (3 + 21 + 1);
    return arms + (bases * (bases - 1) * 2 + judged * 2) * grid.strengths.length;
  });
  const completions = counts.reduce((a, b) => a + b);
  const need = needs.find(({ dtype }) => dtype === options.dtype);
  process.stderr.write(
    `${preset.name}: ${preset.model}; layer ${preset.nLayers - 1}, temperature 0.6, top-p 0.9, at most ${PRESET_TOKENS} tokens.
Some ${completions.toLocaleString('en')} completions: at 20 tokens/s and 200 tokens each, one row at a time, ${formatSeconds((completions * 200) / 20)}; batches are several times faster.
Weights in ${options.dtype}: ${need === undefined ? 'size not known' : gib(need.weights)}; ${gib(memory.available)} of memory are free.
`,
  );
}

/** What the record says beside what was measured here. */
function showPublished(preset: Preset, metrics: RepairMetrics): string {
  const figures = preset.published[metrics.cwe] ?? [];
  const arm = (name: string) => metrics.arms.find((one) => one.name === name)!.rates.secure;
  const percent = ({ value, low, high }: Rate) =>
    `${(100 * value).toFixed(1)} [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;
  const rows = [
    ['secure, per cent', 'before', 'steered', 'strength', ''],
    ['here', percent(arm('none')), percent(arm('steered')), 'by fold', 'on held-out families'],
    ...figures.map(({ before, after, strength, source, doubt }) => [
      source === 'table' ? 'published' : 'laboratory record',
      before.toFixed(1),
      after.toFixed(1),
      String(strength),
      doubt ?? '',
    ]),
  ];
  const none = figures.length === 0 ? 'The record has no figure for this weakness.\n' : '';
  return `\n${formatTable(rows)}${none}The published prompts are not the ones used here: compare directions, not digits.\n`;
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

function resolveLayer(layer: number, nLayers: number): number {
  const resolved = layer < 0 ? layer + nLayers : layer;
  ensure(
    resolved >= 0 && resolved < nLayers,
    'BAD_ARGUMENT',
    `There is no layer ${layer}: the model has ${nLayers}, 0 to ${nLayers - 1}.`,
  );
  return resolved;
}

function summaryOf(metrics: RepairMetrics, out: string): string {
  const color = process.stdout.isTTY && !process.env.NO_COLOR;
  const width = process.stdout.columns;
  const vector = join(out, metrics.vector.file);
  const summary = renderTerminalSummary(metrics, { color, ...(width ? { width } : {}) });
  return `${summary}\nReport  ${join(out, 'report.html')}\nVector  ${vector}\nTry it  npx suture generate --vector ${vector}\n`;
}

/** Vectors of one weakness on prompts of another: points of secure and well-formed above no steering. */
function showTransfer(found: readonly RepairMetrics[]): string {
  const repaired = ({ arms }: RepairMetrics, name: string) =>
    arms.find((arm) => arm.name === name)?.rates.secureWellFormed.value;
  const rows = found.map(({ cwe: vector }) => [
    vector,
    ...found.map((prompts) => {
      const own = repaired(prompts, prompts.cwe === vector ? 'steered' : `other ${vector}`);
      const before = repaired(prompts, 'none');
      if (own === undefined || before === undefined) return '';
      const points = Math.round(100 * (own - before));
      return points >= 0 ? `+${points}` : String(points);
    }),
  ]);
  const head = ['vector', ...found.map((metrics) => metrics.cwe)];
  return `Transfer: points of secure and well-formed above no steering; columns are prompts, each at its own setting.
On the diagonal the vector never saw the family that it is judged on.
${formatTable([head, ...rows])}`;
}
