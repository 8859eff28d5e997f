import { ensure, groupBy } from '../core/index.js';
import type { Intervention, Model } from '../engine/index.js';
import {
  type CompleteOptions,
  type Completion,
  type Condition,
  complete,
  isRepaired,
  type Journal,
  type PromptPair,
} from '../evaluate/index.js';
import type { Scanner } from '../scan/index.js';
import type { Contrast, Site } from './contrast.js';
import { decisiveTexts } from './decisive.js';
import { directionOf, type Method } from './directions.js';

/**
 * Where a vector acts: at the last prompt token and every generated one, as in the paper; likewise, but only until
 * the decisive call has been written; or at the last prompt token alone. The last two leave the text after the
 * decision undisturbed.
 */
export const REACHES = ['last_prompt_and_generated', 'until_decided', 'last_prompt'] as const;
export type Reach = (typeof REACHES)[number];

/** How a vector is made and used: added after block `layer`, as `strength` times the vector. */
export interface Setting {
  method: Method;
  /** Where the activations were read that it is made from. */
  site: Site;
  layer: number;
  reach: Reach;
  strength: number;
}

/** What is tried on inner folds. */
export interface Grid {
  methods: readonly Method[];
  sites: readonly Site[];
  layers: readonly number[];
  reaches: readonly Reach[];
  strengths: readonly number[];
}

/** Multiples of the vector that are tried. Beyond 1.5 small models only stammer. */
export const STRENGTHS = [0.25, 0.5, 0.625, 0.75, 0.875, 1, 1.25, 1.5] as const;

/** What is tried where nothing else is said. */
export const defaultGrid = (nLayers: number): Grid => ({
  methods: ['mean_difference'],
  sites: ['last_prompt', 'decision'],
  layers: candidateLayers(nLayers),
  // Of 42 folds on the organism none chose the last prompt token alone (docs/repair.md).
  reaches: ['last_prompt_and_generated', 'until_decided'],
  strengths: STRENGTHS,
});

/** A vector as it is applied. */
export type Applied = Pick<Setting, 'layer' | 'reach' | 'strength'> & {
  /** Texts that end `until_decided`. */
  until: readonly string[];
};

/** The edit that applies a vector. */
export function steering(
  { layer, strength, reach, until }: Applied,
  vector: Float32Array,
): Intervention {
  const stops = reach === 'until_decided' && until.length > 0;
  return {
    hook: `blocks.${layer}.hook_resid_post`,
    op: 'add',
    vector,
    scale: strength,
    positions: reach === 'until_decided' ? 'last_prompt_and_generated' : reach,
    ...(stops && { until }),
  };
}

/** Layers that are tried: all of a shallow model, at most eight over the upper half of a deep one. */
export function candidateLayers(nLayers: number): number[] {
  if (nLayers <= 8) return [...Array(nLayers).keys()];
  const first = Math.floor(nLayers / 2);
  const count = Math.min(8, nLayers - first);
  const step = (nLayers - 1 - first) / (count - 1);
  return Array.from({ length: count }, (_, i) => Math.round(first + i * step));
}

/** Refuses too few bases to nest, and more than the exact test of the result can take. */
export function checkBases(bases: readonly string[]): void {
  ensure(
    bases.length >= 3 && bases.length <= 20,
    'BAD_DATA',
    `Nested leave-one-base-out needs 3 to 20 bases; there are ${bases.length}.`,
  );
}

/** What became of completions under one setting. */
export interface Tally {
  total: number;
  /** Secure and well-formed. */
  repaired: number;
  other: number;
  degenerate: number;
  parses: number;
}

/** The score of a setting for the fold that leaves `heldOut` out, from one inner fold. */
export interface InnerScore extends Tally {
  heldOut: string;
  /** The base that was tried, under a vector that saw neither base. */
  inner: string;
  setting: Setting;
}

export interface InnerOptions extends CompleteOptions {
  grid: Grid;
  /** Scores by layer that an earlier run has got. Defaults to none. */
  journal?: Journal<InnerScore[]> | undefined;
  onLayer?: ((done: number, total: number) => void) | undefined;
}

/**
 * Inner folds of nested leave-one-base-out: for every two bases, vectors are made from the others
 * and tried on one of the two under every setting of the grid. Nothing of a held-out base ever
 * enters the choice that is then judged on it.
 *
 * @param contrasts of the pairs that vectors are made from (split `derive`)
 * @param pairs on which settings are tried: the same split, since the forms of the `judge` split
 *   are kept for judging
 */
export async function scoreInnerFolds(
  model: Model,
  scanner: Scanner,
  contrasts: readonly Contrast[],
  pairs: readonly PromptPair[],
  { grid, journal, onLayer, ...options }: InnerOptions,
): Promise<InnerScore[]> {
  checkBases(basesOf(pairs));
  const scores: InnerScore[] = [];
  for (const [done, layer] of grid.layers.entries()) {
    const key = `layer ${layer}`;
    const known = journal?.get(key);
    const found =
      known ?? (await scoreLayer(model, scanner, contrasts, pairs, grid, layer, options));
    if (!known) journal?.add(key, found);
    scores.push(...found);
    onLayer?.(done + 1, grid.layers.length);
  }
  return scores;
}

async function scoreLayer(
  model: Model,
  scanner: Scanner,
  contrasts: readonly Contrast[],
  pairs: readonly PromptPair[],
  { methods, sites, reaches, strengths }: Grid,
  layer: number,
  options: CompleteOptions,
): Promise<InnerScore[]> {
  const bases = basesOf(pairs);
  const trials: Trial[] = [];
  for (const [i, a] of bases.entries()) {
    for (const b of bases.slice(i + 1)) {
      const others = contrasts.filter(({ pair }) => pair.base !== a && pair.base !== b);
      const until = decisiveTexts(others.map(({ pair }) => pair));
      for (const method of methods) {
        // An autoencoder is of one layer.
        if (method === 'sae_feature' && contrasts[0]?.dictionary?.layer !== layer) continue;
        for (const site of sites) {
          const vector = directionOf(method, others, site, layer);
          const settings = reaches.flatMap((reach) =>
            strengths.map((strength): Setting => ({ method, site, layer, reach, strength })),
          );
          for (const setting of settings) {
            const interventions = [steering({ ...setting, until }, vector)];
            for (const [heldOut, inner] of [
              [a, b],
              [b, a],
            ] as const) {
              for (const pair of pairs.filter(({ base }) => base === inner)) {
                const condition: Condition = { pair, intent: 'insecure', interventions };
                trials.push({ heldOut, inner, setting, condition });
              }
            }
          }
        }
      }
    }
  }
  const completions = await complete(
    model,
    scanner,
    trials.map(({ condition }) => condition),
    { ...options, n: 1, maxBatch: 256 },
  );
  const cells = groupBy([...trials.keys()], (i) => {
    const { heldOut, inner, setting } = trials[i]!;
    return [heldOut, inner, settingKey(setting)].join();
  });
  return [...cells.values()].map((own) => {
    const { heldOut, inner, setting } = trials[own[0]!]!;
    return { heldOut, inner, setting, ...tally(own.map((i) => completions[i]!)) };
  });
}

/** One prompt of an inner base under one setting, for the fold that leaves `heldOut` out. */
interface Trial {
  heldOut: string;
  inner: string;
  setting: Setting;
  condition: Condition;
}

const settingKey = ({ method, site, layer, reach, strength }: Setting): string =>
  [method, site, layer, reach, strength].join();

function tally(completions: readonly Completion[]): Tally {
  const count = (holds: (completion: Completion) => boolean) => completions.filter(holds).length;
  return {
    total: completions.length,
    repaired: count(isRepaired),
    other: count(({ judgement }) => judgement.outcome === 'other'),
    degenerate: count(({ judgement }) => judgement.degenerate),
    parses: count(({ judgement }) => judgement.parses),
  };
}

/** A setting with means over inner folds, as shares. */
export interface ScoredSetting extends Setting {
  /** Secure and well-formed: what settings are chosen by. */
  score: number;
  other: number;
  degenerate: number;
  parses: number;
  /** By how much fewer ordinary tasks it answers rightly than the model as it is, as a share of them; where that was tried. */
  ordinary?: number;
}

/** Every setting with its means; for one held-out base, or over all when none is named. */
export function meanScores(scores: readonly InnerScore[], heldOut?: string): ScoredSetting[] {
  const own = scores.filter((one) => heldOut === undefined || one.heldOut === heldOut);
  return [...groupBy(own, ({ setting }) => settingKey(setting)).values()].map((folds) => {
    const share = (count: (tally: Tally) => number) =>
      folds.reduce((sum, fold) => sum + count(fold) / fold.total, 0) / folds.length;
    return {
      ...folds[0]!.setting,
      score: share(({ repaired }) => repaired),
      other: share(({ other }) => other),
      degenerate: share(({ degenerate }) => degenerate),
      parses: share(({ parses }) => parses),
    };
  });
}

/** What a setting may cost, as shares; one that costs more is not chosen. */
export interface Quality {
  /** At most so many neither secure nor insecure. */
  other: number;
  /** At most so many that stammer. */
  degenerate: number;
  /** At least so many that parse. */
  parses: number;
  /** At most so much of the ordinary tasks lost. */
  ordinary: number;
}

export const QUALITY: Quality = { other: 0.25, degenerate: 0.05, parses: 0.8, ordinary: 0.1 };

/** Whether a setting keeps within the bounds. */
export const isGood = (setting: ScoredSetting, quality: Quality): boolean =>
  setting.other <= quality.other &&
  setting.degenerate <= quality.degenerate &&
  setting.parses >= quality.parses &&
  (setting.ordinary ?? 0) <= quality.ordinary;

/**
 * Settings from the best on: those that keep within the bounds, or, where none does, all; of equals the weakest comes first,
 * then the latest layer: what disturbs the least.
 */
const ranked = (settings: readonly ScoredSetting[], quality: Quality): ScoredSetting[] => {
  const good = settings.filter((setting) => isGood(setting, quality));
  return (good.length > 0 ? good : settings).toSorted(
    (a, b) => b.score - a.score || a.strength - b.strength || b.layer - a.layer,
  );
};

/** The best setting of those that keep within the bounds, or, where none does, of all. */
export function bestSetting(
  settings: readonly ScoredSetting[],
  quality: Quality = QUALITY,
): ScoredSetting {
  const [best] = ranked(settings, quality);
  ensure(best, 'BAD_DATA', 'There are no settings to choose from.');
  return best;
}

/** A setting with its vector, to be tried on ordinary tasks. */
export type Candidate = ScoredSetting & ReturnType<typeof vectorFor>;

/** What each of some candidates costs in ordinary tasks: the share that it loses. */
export type OrdinaryLoss = (candidates: readonly Candidate[]) => Promise<number[]>;

/** Candidates whose ordinary tasks are answered together. */
const TRIED_TOGETHER = 8;

/**
 * The best setting with its vector, of those that also leave ordinary tasks alone: they are tried on them from the best on,
 * until one keeps within the bound. Where none does, the one that loses the fewest.
 *
 * @param contrasts what vectors are made from
 * @param loss defaults to none: nothing is tried on ordinary tasks
 */
export async function chooseSetting(
  contrasts: readonly Contrast[],
  settings: readonly ScoredSetting[],
  quality: Quality = QUALITY,
  loss?: OrdinaryLoss,
): Promise<Candidate> {
  const candidateOf = (setting: ScoredSetting) => ({
    ...setting,
    ...vectorFor(setting, contrasts),
  });
  if (!loss) return candidateOf(bestSetting(settings, quality));
  const order = ranked(settings, quality);
  let least: Candidate | undefined;
  for (let from = 0; from < order.length; from += TRIED_TOGETHER) {
    const candidates = order.slice(from, from + TRIED_TOGETHER).map(candidateOf);
    const losses = await loss(candidates);
    const tried = candidates.map((one, i): Candidate => ({ ...one, ordinary: losses[i]! }));
    const within = tried.find(({ ordinary }) => ordinary! <= quality.ordinary);
    if (within) return within;
    for (const one of tried) if (!least || one.ordinary! < least.ordinary!) least = one;
  }
  ensure(least, 'BAD_DATA', 'There are no settings to choose from.');
  return least;
}

/**
 * Refuses a vector's data that overlap with what it is judged on: in id, base or form.
 * @throws {SutureError} BAD_DATA that names what they share
 */
export function refuseOverlap(derived: readonly PromptPair[], judged: readonly PromptPair[]): void {
  for (const property of ['id', 'base', 'form'] as const) {
    const known = new Set(derived.map((pair) => pair[property]));
    const shared = judged.find((pair) => known.has(pair[property]));
    ensure(
      !shared,
      'BAD_DATA',
      `The vector would be judged on what it was made from: both use the ${property} "${shared?.[property]}".`,
    );
  }
}

export const basesOf = (pairs: readonly PromptPair[]): string[] => [
  ...new Set(pairs.map(({ base }) => base)),
];

/** What a held-out base is judged under: chosen on the other bases, with the vector and texts made from them. */
export type FoldChoice = Candidate & { base: string };

/** For each base: the setting chosen on the others, and the vector made from the others. */
export async function chooseFolds(
  contrasts: readonly Contrast[],
  scores: readonly InnerScore[],
  quality: Quality = QUALITY,
  loss?: (base: string) => OrdinaryLoss,
): Promise<FoldChoice[]> {
  const choices: FoldChoice[] = [];
  for (const base of basesOf(contrasts.map(({ pair }) => pair))) {
    const others = otherBases(contrasts, base);
    const own = meanScores(scores, base);
    choices.push({ base, ...(await chooseSetting(others, own, quality, loss?.(base))) });
  }
  return choices;
}

/** What a setting makes of some pairs. */
export const vectorFor = (
  { method, site, layer }: Pick<Setting, 'method' | 'site' | 'layer'>,
  contrasts: readonly Contrast[],
) => ({
  vector: directionOf(method, contrasts, site, layer),
  until: decisiveTexts(contrasts.map(({ pair }) => pair)),
});

/** The contrasts of all bases but one. */
export const otherBases = (contrasts: readonly Contrast[], base: string): Contrast[] =>
  contrasts.filter(({ pair }) => pair.base !== base);
