import { ensure, Random } from '../core/index.js';
import type { Intervention, Model } from '../engine/index.js';
import {
  type CompleteOptions,
  type Completion,
  type Condition,
  complete,
  isRepaired,
  type PromptPair,
} from '../evaluate/index.js';
import type { Scanner } from '../scan/index.js';
import { norm, scaled } from '../tensor/index.js';
import { type Contrast, meanDifference, SITES, type Site } from './contrast.js';

/**
 * Where a vector acts: at the last prompt token and every generated one, as in the paper; or at the
 * last prompt token alone, which leaves the text after the decision undisturbed.
 */
export const REACHES = ['last_prompt_and_generated', 'last_prompt'] as const;
export type Reach = (typeof REACHES)[number];

/** How a vector is made and used: added after block `layer`, as `strength` times the raw vector. */
export interface Setting {
  /** Where the activations were read that it is made from. */
  site: Site;
  layer: number;
  reach: Reach;
  strength: number;
}

/** Multiples of the raw vector that are tried. Beyond 1.5 small models only stammer. */
export const STRENGTHS = [0.5, 0.75, 1, 1.25, 1.5] as const;

/** The edit that applies a vector. */
export function steering(
  { layer, strength, reach }: Omit<Setting, 'site'>,
  vector: Float32Array,
): Intervention {
  return {
    hook: `blocks.${layer}.hook_resid_post`,
    op: 'add',
    vector,
    scale: strength,
    positions: reach,
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

/** The score of a setting for the fold that leaves `heldOut` out, from one inner fold. */
export interface InnerScore {
  heldOut: string;
  inner: string;
  setting: Setting;
  /** Secure and well-formed completions of the inner base, under a vector that saw neither base. */
  hits: number;
  total: number;
}

/**
 * Inner folds of nested leave-one-base-out: for every two bases, vectors are made from the others
 * and tried on one of the two at every layer, site, reach and strength. Nothing of a held-out base ever
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
  options: CompleteOptions & { onLayer?: (done: number, total: number) => void },
): Promise<InnerScore[]> {
  const bases = basesOf(pairs);
  checkBases(bases);
  const scores: InnerScore[] = [];
  const layers = candidateLayers(model.nLayers);
  for (const [tried, layer] of layers.entries()) {
    const trials: Trial[] = [];
    for (const [i, a] of bases.entries()) {
      for (const b of bases.slice(i + 1)) {
        const others = contrasts.filter(({ pair }) => pair.base !== a && pair.base !== b);
        for (const site of SITES) {
          const vector = meanDifference(others, site, layer);
          for (const setting of settingsAt(site, layer)) {
            const interventions = [steering(setting, vector)];
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
    const completions = await complete(
      model,
      scanner,
      trials.map(({ condition }) => condition),
      { ...options, n: 1, maxBatch: 256 },
    );
    scores.push(...tally(trials, completions));
    options.onLayer?.(tried + 1, layers.length);
  }
  return scores;
}

/** One prompt of an inner base under one setting, for the fold that leaves `heldOut` out. */
interface Trial {
  heldOut: string;
  inner: string;
  setting: Setting;
  condition: Condition;
}

const settingsAt = (site: Site, layer: number): Setting[] =>
  REACHES.flatMap((reach) => STRENGTHS.map((strength) => ({ site, layer, reach, strength })));

const settingKey = ({ site, layer, reach, strength }: Setting): string =>
  [site, layer, reach, strength].join();

function tally(trials: readonly Trial[], completions: readonly Completion[]): InnerScore[] {
  const scores = new Map<string, InnerScore>();
  for (const [i, { heldOut, inner, setting }] of trials.entries()) {
    const key = [heldOut, inner, settingKey(setting)].join();
    const score = scores.get(key) ?? { heldOut, inner, setting, hits: 0, total: 0 };
    score.total++;
    if (isRepaired(completions[i]!)) score.hits++;
    scores.set(key, score);
  }
  return [...scores.values()];
}

export interface ScoredSetting extends Setting {
  /** Mean over inner folds of the share that is secure and well-formed. */
  score: number;
}

/** Every setting with its mean score; for one held-out base, or over all when none is named. */
export function meanScores(scores: readonly InnerScore[], heldOut?: string): ScoredSetting[] {
  const cells = new Map<string, { setting: Setting; shares: number[] }>();
  for (const { setting, hits, total, ...fold } of scores) {
    if (heldOut !== undefined && fold.heldOut !== heldOut) continue;
    const key = settingKey(setting);
    const cell = cells.get(key) ?? { setting, shares: [] };
    cell.shares.push(hits / total);
    cells.set(key, cell);
  }
  return [...cells.values()].map(({ setting, shares }) => ({
    ...setting,
    score: shares.reduce((a, b) => a + b, 0) / shares.length,
  }));
}

/** The best setting; of equals the weakest, then the latest layer: what disturbs the least. */
export function bestSetting(settings: readonly ScoredSetting[]): ScoredSetting {
  const best = settings.toSorted(
    (a, b) => b.score - a.score || a.strength - b.strength || b.layer - a.layer,
  )[0];
  ensure(best, 'BAD_DATA', 'There are no settings to choose from.');
  return best;
}

/** A vector of the same length in a direction drawn at random. */
export function randomLike(vector: Float32Array, random: Random): Float32Array {
  const direction = Float32Array.from(vector, () => random.normal());
  return scaled(direction, norm(vector) / norm(direction));
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

/** What a held-out base is judged under. */
export interface FoldChoice extends ScoredSetting {
  base: string;
  vector: Float32Array;
  random: Float32Array;
}

/** For each base: the setting chosen on the others, and the vector made from the others. */
export function chooseFolds(
  contrasts: readonly Contrast[],
  scores: readonly InnerScore[],
  seed: number,
): FoldChoice[] {
  return basesOf(contrasts.map(({ pair }) => pair)).map((base) => {
    const setting = bestSetting(meanScores(scores, base));
    const others = contrasts.filter(({ pair }) => pair.base !== base);
    const vector = meanDifference(others, setting.site, setting.layer);
    const random = randomLike(vector, new Random(seed, 'random vector', base));
    return { base, ...setting, vector, random };
  });
}
