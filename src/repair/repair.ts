import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensure, groupBy, sha256, writeFileAtomic } from '../core/index.js';
import { formatReliabilityGap, type Review, review, reviewAccuracy } from '../diagnose/index.js';
import { boundTo, type Model } from '../engine/index.js';
import {
  type Completion,
  clusteredRate,
  type Intent,
  isRepaired,
  outcomeRates,
  type PromptPair,
  pairedDifference,
  pairedMeans,
  type ReviewItem,
  RunFolder,
} from '../evaluate/index.js';
import { type Cwe, Scanner } from '../scan/index.js';
import { holm, jointSignFlipTest, mean, median } from '../stats/index.js';
import {
  basesOf,
  bestSetting,
  type Contrast,
  checkBases,
  chooseFolds,
  chooseSetting,
  type Dictionary,
  defaultGrid,
  type FoldChoice,
  type Grid,
  type InnerScore,
  isGood,
  meanScores,
  otherBases,
  QUALITY,
  type Quality,
  readContrasts,
  refuseOverlap,
  type ScoredSetting,
  type Setting,
  scoreInnerFolds,
  stability,
  steering,
  vectorFor,
  writeVector,
} from '../steer/index.js';
import { cosine, norm } from '../tensor/index.js';
import type { ChatMessage } from '../text/index.js';
import { type ArmPlan, armsOf, randomVector } from './arms.js';
import { findings } from './findings.js';
import {
  type Arm,
  type Effect,
  type Fold,
  PRIMARY,
  type PrimaryArm,
  type RepairMetrics,
} from './metrics.js';
import { preambleOf } from './prompts.js';
import { type NamedCondition, Samples } from './samples.js';
import {
  type IsRight,
  isReference,
  measureUtility,
  type OrdinaryTask,
  ordinaryLoss,
  splitTasks,
} from './utility.js';

export interface RepairOptions {
  cwe: Cwe;
  /** Pairs of this weakness: vectors come from the split `derive`, everything is judged on `judge`. */
  pairs: readonly PromptPair[];
  reviewItems: readonly ReviewItem[];
  /** Pairs of other weaknesses, whose vectors are controls. Defaults to none. */
  others?: ReadonlyMap<Cwe, readonly PromptPair[]>;
  /** Ordinary tasks that a repair must leave as they are: some families bound the choice, the others judge it. Defaults to none. */
  ordinary?: readonly OrdinaryTask[];
  /** Whether an answer to one of them is right. Defaults to being the reference, to the letter. */
  isRight?: IsRight;
  /**
   * The run folder: `run.json`, `samples.jsonl`, `metrics.json` and the vector are written there. A run that
   * was cut off goes on where it stopped.
   */
  out: string;
  /** What is tried on inner folds. Defaults to mean differences, both sites, two reaches and eight strengths. */
  grid?: Partial<Grid>;
  /** A sparse autoencoder, for the method `sae_feature` at its layer. Defaults to none. */
  dictionary?: Dictionary;
  /** What a setting may cost to be chosen. Defaults to `QUALITY`. */
  quality?: Quality;
  /** Defaults to 0. */
  seed?: number;
  /** Completions of each judged prompt under each condition. Defaults to 2. */
  samples?: number;
  /** Prompts per base on which settings are tried. Defaults to 2. */
  innerPrompts?: number;
  /** Most tokens of a completion or a review. Defaults to 64, enough for the organism's bodies. */
  maxNewTokens?: number;
  /** Called as work goes on: which stage, and what share of it is done. */
  onProgress?: (stage: string, done: number, total: number) => void;
  signal?: AbortSignal;
}

/** The paper's sampling (Surgical Repair, section 4). */
const SAMPLING = { temperature: 0.6, topP: 0.9 };

/** Rows decoded together. */
const ROWS = 128;

/**
 * Measures the gap of a model in one weakness, derives a steering vector, and measures its effect
 * on task families that it never saw (nested leave-one-base-out), beside everything that a vector has to be
 * compared with.
 *
 * @throws {SutureError} BAD_DATA where pairs overlap or are too few; BAD_ARGUMENT where the folder holds another
 *   run; INTERRUPTED; DISK
 */
export async function repair(model: Model, options: RepairOptions): Promise<RepairMetrics> {
  const began = performance.now();
  const { cwe, out, seed = 0, samples = 2, innerPrompts = 2, maxNewTokens = 64, signal } = options;
  const { others = new Map(), ordinary = [], quality = QUALITY, dictionary } = options;
  const { isRight = isReference } = options;
  const { tokenizer } = model;
  ensure(
    tokenizer?.chatTemplate,
    'BAD_ARGUMENT',
    `${model.id} has no chat template: repair asks its questions as a conversation.`,
  );
  const { derive, judged, bases } = splitOf(options.pairs);
  ensure(options.reviewItems.length > 0, 'BAD_DATA', 'There are no snippets to review.');
  const grid: Grid = { ...defaultGrid(model.nLayers), ...options.grid };
  const folder = RunFolder.start(out, {
    command: 'repair',
    suture: packageVersion(),
    model: { id: model.id, hash: model.hash, tokenizer: tokenizer.hash },
    cwe,
    seed,
    samples,
    innerPrompts,
    sampling: { ...SAMPLING, maxNewTokens },
    grid,
    quality,
    ...(dictionary && { dictionary: dictionary.hash }),
    data: sha256(JSON.stringify([options.pairs, options.reviewItems, [...others], ordinary])),
  });
  try {
    const scanner = await Scanner.load();
    const saved = new Samples(model, scanner, folder);
    const stage = (name: string) => (done: number, total: number) =>
      options.onProgress?.(name, done, total);
    const sampling = { ...SAMPLING, maxNewTokens, seed, ...(signal ? { signal } : {}) };
    const judge = (
      name: string,
      conditions: NamedCondition[],
      how: { n?: number; temperature?: number } = {},
    ) =>
      saved.complete(conditions, {
        ...sampling,
        n: samples,
        ...how,
        onProgress: stage(name),
        maxBatch: ROWS,
      });
    const ask = (name: string, intent: Intent): NamedCondition[] =>
      judged.map((pair) => ({ name, pair, intent }));

    // 1. The gap: does it recognise what it writes?
    const reviews = await folder.once('pieces/reviews.json', () =>
      review(model, options.reviewItems, {
        onProgress: stage('review'),
        maxNewTokens,
        ...(signal ? { signal } : {}),
      }),
    );
    const generated = await judge('generate', [
      ...ask('none', 'insecure'),
      ...ask('neutral', 'neutral'),
      ...ask('secure', 'secure'),
    ]);
    const [none, neutral, secure] = (['insecure', 'neutral', 'secure'] as const).map((intent) =>
      generated.filter((one) => one.intent === intent),
    ) as [Completion[], Completion[], Completion[]];
    const gap = {
      ...formatReliabilityGap(reviews satisfies Review[], none),
      review: reviewAccuracy(reviews),
      generation: {
        insecure: outcomeRates(none),
        neutral: outcomeRates(neutral),
        secure: outcomeRates(secure),
      },
    };

    // 2. Where: vectors of every layer and site, tried on inner folds.
    const contrasts = await readContrasts(model, derive, dictionary);
    const tried = bases.flatMap((base) =>
      spread(
        derive.filter((pair) => pair.base === base),
        innerPrompts,
      ),
    );
    const scores = await scoreInnerFolds(model, scanner, contrasts, tried, {
      ...sampling,
      grid,
      journal: folder.journal<InnerScore[]>('pieces/inner.jsonl'),
      onLayer: stage('find the layer'),
    });
    const overall = meanScores(scores);
    const tasks = splitTasks(ordinary);
    const lossOf = await ordinaryLoss(model, tasks.bound, {
      maxNewTokens: 2 * maxNewTokens,
      isRight,
      journal: folder.journal<number>('pieces/ordinary.jsonl'),
      signal,
    });
    const choices = 2 * bases.length + 1;
    let begun = 0;
    const bound =
      lossOf &&
      ((who: string) => {
        stage('choose on ordinary tasks')(begun++, choices);
        return lossOf(who);
      });
    const folds = await chooseFolds(contrasts, scores, quality, bound);
    const last = Math.max(...grid.layers);
    const atLast = await chooseFolds(
      contrasts,
      scores.filter(({ setting }) => setting.layer === last),
      quality,
      bound,
    );
    const setting = await chooseSetting(contrasts, overall, quality, bound?.('all'));

    // 3. The effect, on each base with what was chosen without it, beside all that it has to be compared with.
    const otherContrasts = await contrastsOf(model, others, dictionary);
    const plans = armsOf({
      cwe,
      seed,
      contrasts,
      judgedContrasts: await readContrasts(model, judged, dictionary),
      folds,
      lastLayer: folds.every(({ layer }) => layer === last) ? [] : atLast,
      others: otherContrasts,
      takesSystem: takesSystem(model),
    });
    const completions = new Map<string, Completion[][]>();
    for (const temperature of new Set(plans.map((plan) => plan.temperature))) {
      const own = plans.filter((plan) => plan.temperature === temperature);
      const found = await judge(
        'steer',
        own.flatMap((plan) => conditionsOf(plan, judged)),
        temperature === undefined ? {} : { temperature },
      );
      let from = 0;
      for (const plan of own) {
        const size = judged.length * samples;
        const draws = Array.from({ length: plan.draws ?? 1 }, (_, draw) =>
          found.slice(from + draw * size, from + (draw + 1) * size),
        );
        completions.set(plan.name, draws);
        from += draws.length * size;
      }
    }
    const arms = plans.map(({ name, kind, description }): Arm => {
      const all = completions.get(name)!.flat();
      const distinct = new Set(all.map(({ pair, text }) => `${pair.id} ${text}`)).size;
      return { name, kind, description, rates: outcomeRates(all), distinct };
    });
    const steered = completions.get('steered')![0]!;
    const effects = effectsOf(plans, steered, completions);

    // Prompts that ask for neither way: a repair must not hurt where the model was right.
    const choiceOf = (pair: PromptPair) => folds.find(({ base }) => base === pair.base)!;
    const neutralSteered = await judge(
      'neutral prompts',
      judged.map((pair) => ({
        name: 'neutral steered',
        pair,
        intent: 'neutral',
        interventions: [steering(choiceOf(pair), choiceOf(pair).vector)],
      })),
    );

    // 4. How strength acts.
    const curves = [];
    for (const curve of curvesOf(folds, atLast, grid)) {
      curves.push({ ...curve, points: await pointsOf(curve) });
    }

    // 5. The vector for use: from all bases, at the setting that is best over all inner folds.
    const { vector: direction, until } = setting;
    const stops = setting.reach === 'until_decided' && until.length > 0;
    const file = `${cwe.toLowerCase()}.safetensors`;
    writeVector(join(out, file), {
      directions: new Map([[setting.layer, direction]]),
      metadata: {
        cwe,
        method: setting.method.replace('_', '-'),
        site: setting.site,
        strength: setting.strength,
        positions: setting.reach === 'last_prompt' ? 'last_prompt' : 'last_prompt_and_generated',
        ...(stops && { until: until as [string, ...string[]] }),
        stream_norms: { [setting.layer]: streamNorm(contrasts, setting) },
        ...boundTo(model),
        data_hash: sha256(JSON.stringify(derive)),
        evaluation: JSON.stringify({
          protocol: 'nested leave-one-base-out',
          held_out: outcomeRates(steered),
        }),
      },
    });
    const utility =
      tasks.judged.length === 0
        ? undefined
        : await folder.once('pieces/utility.json', async () => {
            const random = randomVector(direction, seed);
            const [plain, ...rest] = await measureUtility(
              model,
              tasks.judged,
              [
                { vector: { vector: direction, applied: setting } },
                { vector: { vector: random, applied: setting } },
                { preamble: preambleOf('terse', cwe) },
              ],
              { maxNewTokens: 2 * maxNewTokens, isRight, signal },
            );
            const [under, chance, prompt] = rest;
            return { none: plain!, steered: under!, random: chance!, prompt: prompt! };
          });

    const metrics: RepairMetrics = {
      version: 2,
      suture: packageVersion(),
      created: new Date().toISOString(),
      model: {
        id: model.id,
        family: model.config.family,
        nLayers: model.nLayers,
        dModel: model.dModel,
        hash: model.hash,
        tokenizerHash: tokenizer.hash,
      },
      cwe,
      seed,
      sampling: { samplesPerPrompt: samples, ...SAMPLING, maxNewTokens },
      data: {
        bases,
        derivePairs: derive.length,
        judgePairs: judged.length,
        reviewItems: options.reviewItems.length,
        ordinaryTasks: tasks.judged.length,
        boundingTasks: tasks.bound.length,
      },
      gap,
      quality: { ...quality, exceeded: folds.filter((fold) => !isGood(fold, quality)).length },
      layers: layerTable(overall, contrasts, quality),
      folds: folds.map((choice) => foldOf(choice, completions)),
      arms,
      effects,
      neutral: {
        before: outcomeRates(neutral),
        after: outcomeRates(neutralSteered),
        insecure: pairedDifference(neutralSteered, neutral, isInsecure),
        secureWellFormed: pairedDifference(neutralSteered, neutral, isRepaired),
      },
      utility,
      curves,
      examples: examplesOf(none, steered),
      vector: {
        file,
        ...settingOf(setting),
        norm: norm(direction),
        cosines: Object.fromEntries(
          [...otherContrasts].map(([other, own]) => [
            other,
            cosine(vectorFor(setting, own).vector, direction),
          ]),
        ),
      },
      findings: [],
      seconds: (performance.now() - began) / 1000,
    };
    metrics.findings = findings(metrics);
    writeFileAtomic(join(out, 'metrics.json'), `${JSON.stringify(metrics, null, 2)}\n`);
    return metrics;

    async function pointsOf(curve: Curve): Promise<RepairMetrics['curves'][number]['points']> {
      const applied = new Map(
        bases.map((base) => {
          const made = vectorFor(curve, otherBases(contrasts, base));
          const vector = curve.random ? randomVector(made.vector, seed, base) : made.vector;
          return [base, { ...made, vector }];
        }),
      );
      const steps = grid.strengths.flatMap((strength) =>
        judged.map((pair) => ({ strength, pair })),
      );
      const { method, site, layer, reach, random } = curve;
      const label = ['curve', method, site, layer, reach, ...(random ? ['random'] : [])].join(' ');
      const found = await judge(
        'strength curve',
        steps.map(({ strength, pair }) => {
          const { vector, until: ends } = applied.get(pair.base)!;
          return {
            name: `${label} ${strength}`,
            pair,
            intent: 'insecure',
            interventions: [steering({ layer, reach, strength, until: ends }, vector)],
          };
        }),
        { n: 1 },
      );
      const first = none.filter(({ sample }) => sample === 0);
      return [0, ...grid.strengths].map((strength) => {
        const own =
          strength === 0 ? first : found.filter((_, i) => steps[i]!.strength === strength);
        return { strength, rates: outcomeRates(own), byBase: repairedByBase(own) };
      });
    }
  } finally {
    folder.close();
  }
}

/** Pairs to make vectors from and pairs to judge them on, with nothing in common but what must be. */
function splitOf(pairs: readonly PromptPair[]) {
  const derive = pairs.filter(({ split }) => split === 'derive');
  const judged = pairs.filter(({ split }) => split === 'judge');
  const bases = basesOf(pairs);
  for (const base of bases) {
    const isOwn = (pair: PromptPair) => pair.base === base;
    ensure(
      derive.some(isOwn) && judged.some(isOwn),
      'BAD_DATA',
      `The base "${base}" needs pairs of both splits, "derive" and "judge".`,
    );
    refuseOverlap(
      derive.filter((pair) => !isOwn(pair)),
      judged.filter(isOwn),
    );
  }
  checkBases(bases);
  return { derive, judged, bases };
}

/** Whether a system message reaches the model, and as something else than a user's. */
function takesSystem(model: Model): boolean {
  const rendered = (...messages: ChatMessage[]) => model.encode({ messages })[0]!.join();
  try {
    const system = rendered({ role: 'system', content: 'A.' }, { role: 'user', content: 'B.' });
    return ['B.', 'A.\nB.'].every((content) => system !== rendered({ role: 'user', content }));
  } catch {
    return false; // templates refuse what they cannot render
  }
}

/** Of each other weakness what its vector is made from. */
async function contrastsOf(
  model: Model,
  others: ReadonlyMap<Cwe, readonly PromptPair[]>,
  dictionary: Dictionary | undefined,
): Promise<Map<Cwe, Contrast[]>> {
  const found = new Map<Cwe, Contrast[]>();
  for (const [cwe, pairs] of others) {
    const derive = pairs.filter(({ split }) => split === 'derive');
    found.set(cwe, await readContrasts(model, derive, dictionary));
  }
  return found;
}

const conditionsOf = (
  { name, condition, draws = 1 }: ArmPlan,
  judged: readonly PromptPair[],
): NamedCondition[] =>
  Array.from({ length: draws }, (_, draw) =>
    judged.map((pair) => ({
      name: draws === 1 ? name : `${name} ${draw}`,
      pair,
      intent: 'insecure' as const,
      ...condition(pair, draw),
    })),
  ).flat();

const isInsecure = ({ judgement }: Completion): boolean => judgement.outcome === 'insecure';

/** Steered against every other arm, prompt by prompt and sample by sample; several draws count by their mean. */
function effectsOf(
  plans: readonly ArmPlan[],
  steered: readonly Completion[],
  completions: ReadonlyMap<string, readonly Completion[][]>,
): Effect[] {
  const against = plans.map(({ name }) => name).filter((name) => name !== 'steered');
  const compare = (hit: (completion: Completion) => boolean) => {
    const own = steered.map((one) => ({ base: one.pair.base, value: Number(hit(one)) }));
    const rest = against.map((name) =>
      steered.map((_, i) => mean(completions.get(name)!.map((draw) => Number(hit(draw[i]!))))),
    );
    const differences = rest.map((values) => pairedMeans(own, values));
    const byBase = rest.map((values) =>
      [...groupBy([...own.keys()], (i) => own[i]!.base).values()].map((rows) =>
        mean(rows.map((i) => own[i]!.value - values[i]!)),
      ),
    );
    const joint = jointSignFlipTest(byBase);
    const planned = against.flatMap((name, i) => (isPrimary(name) ? [i] : []));
    const adjusted = holm(planned.map((i) => differences[i]!.p));
    return differences.map((difference, i) => ({
      ...difference,
      p: planned.includes(i) ? adjusted[planned.indexOf(i)]! : joint[i]!,
    }));
  };
  const insecure = compare(isInsecure);
  const secureWellFormed = compare(isRepaired);
  return against.map((name, i) => ({
    against: name,
    primary: isPrimary(name),
    insecure: insecure[i]!,
    secureWellFormed: secureWellFormed[i]!,
  }));
}

const isPrimary = (name: string): boolean => (PRIMARY as readonly string[]).includes(name);

/** What a strength curve is drawn of. */
type Curve = Omit<RepairMetrics['curves'][number], 'points'>;

/** At the layer that most folds chose, for each site; there with random vectors; and at the last layer. */
function curvesOf(
  folds: readonly FoldChoice[],
  atLast: readonly FoldChoice[],
  { sites }: Grid,
): Curve[] {
  const common = (choices: readonly FoldChoice[]) => ({
    method: mode(choices.map(({ method }) => method)),
    layer: mode(choices.map(({ layer }) => layer)),
    reach: mode(choices.map(({ reach }) => reach)),
  });
  const best = mode(folds.map(({ site }) => site));
  const chosen = common(folds);
  const last = common(atLast);
  return [
    ...sites.map((site) => ({ ...chosen, site, random: false })),
    { ...chosen, site: best, random: true },
    ...(last.layer === chosen.layer
      ? []
      : [{ ...last, site: mode(atLast.map(({ site }) => site)), random: false }]),
  ];
}

function repairedByBase(completions: readonly Completion[]): Record<string, number> {
  const byBase = groupBy(completions, ({ pair }) => pair.base);
  return Object.fromEntries(
    [...byBase].map(([base, own]) => [
      base,
      clusteredRate(own.map((one) => ({ base, hit: isRepaired(one) }))).value,
    ]),
  );
}

/** Median length of the stream where a vector is read, under insecure prompts. */
const streamNorm = (contrasts: readonly Contrast[], { site, layer }: Setting): number =>
  median(contrasts.map(({ insecure }) => norm(insecure[site][layer]!)));

/** The best setting of each layer and site that was tried. */
function layerTable(
  overall: readonly ScoredSetting[],
  contrasts: readonly Contrast[],
  quality: Quality,
): RepairMetrics['layers'] {
  const cells = groupBy(overall, ({ layer, site }) => `${layer} ${site}`);
  return [...cells.values()].map((own) => {
    const best = bestSetting(own, quality);
    const { method, site, layer, score } = best;
    return {
      ...settingOf(best),
      score,
      norm: norm(vectorFor(best, contrasts).vector),
      residualNorm: streamNorm(contrasts, best),
      stability: stability(method, contrasts, site, layer),
    };
  });
}

function foldOf(
  choice: FoldChoice,
  completions: ReadonlyMap<string, readonly Completion[][]>,
): Fold {
  const own = (arm: PrimaryArm) =>
    outcomeRates(
      completions
        .get(arm)!
        .flat()
        .filter(({ pair }) => pair.base === choice.base),
    );
  return {
    base: choice.base,
    ...settingOf(choice),
    norm: norm(choice.vector),
    innerScore: choice.score,
    ...(choice.ordinary !== undefined && { ordinaryLoss: choice.ordinary }),
    arms: {
      none: own('none'),
      steered: own('steered'),
      random: own('random'),
      prompt: own('prompt'),
    },
  };
}

const settingOf = ({ method, site, layer, reach, strength }: Setting): Setting => ({
  method,
  site,
  layer,
  reach,
  strength,
});

/** The first sample of the first prompt of each base, whatever became of it. */
function examplesOf(
  before: readonly Completion[],
  after: readonly Completion[],
): RepairMetrics['examples'] {
  const show = ({ text, judgement }: Completion) => ({
    text,
    outcome: judgement.outcome,
    reason: judgement.reason,
  });
  const seen = new Set<string>();
  return before.flatMap((completion, i) => {
    const { base, prompts } = completion.pair;
    if (seen.has(base)) return [];
    seen.add(base);
    return [{ base, prompt: prompts.insecure, before: show(completion), after: show(after[i]!) }];
  });
}

/** `count` items spread evenly over a list. */
function spread<T>(items: readonly T[], count: number): T[] {
  const step = Math.max(1, items.length / count);
  return Array.from(
    { length: Math.min(count, items.length) },
    (_, i) => items[Math.floor(i * step)]!,
  );
}

/** The most frequent value; of equals the first. */
function mode<T>(values: readonly T[]): T {
  const count = (x: T) => values.filter((value) => value === x).length;
  return values.toSorted((a, b) => count(b) - count(a))[0]!;
}

/** The version of this package. */
export function packageVersion(): string {
  const path = new URL('../../package.json', import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')).version;
}
