import { groupBy, Random } from '../../core/index.js';
import {
  clusterBootstrapMean,
  jointSignFlipTest,
  mean,
  quantile,
  signFlipTest,
} from '../../stats/index.js';
import type { Figure } from '../probe/score.js';
import type { ActingLayer, PatchEvidence } from '../verdict/evidence.js';

const RESAMPLES = 2_000;

/** By how much each intervention on one pair moved the logit difference, secure minus insecure. */
export interface Moved {
  base: string;
  /** What the secure prompt itself moves it by. */
  total: number;
  layers: Record<Effect, number>[];
}

export type Effect =
  | 'stream'
  | 'attention'
  | 'MLP'
  | 'block'
  | 'direction'
  | 'randomStream'
  | 'randomDirection';

const SINGLE = ['attention', 'MLP', 'block'] as const;

/** What interventions at the decision do. */
export interface ActFindings extends PatchEvidence {
  pairs: number;
  /** What each part of each block alone recovers. */
  parts: { layer: number; part: (typeof SINGLE)[number]; recovered: Figure }[];
}

/** Shares are of pooled sums, sum of effects over sum of totals: pairs with a small total do not blow up. */
export function findingsOf(moved: readonly Moved[], seed: number): Omit<ActFindings, 'pairs'> {
  const clusters = [...groupBy(moved, ({ base }) => base)].map(([base, own]) => ({
    base,
    total: sum(own.map(({ total }) => total)),
    count: own.length,
    layers: own[0]!.layers.map(
      (_, layer) => (effect: Effect) => sum(own.map(({ layers }) => layers[layer]![effect])),
    ),
  }));
  const totals = clusters.map(({ total }) => total);
  const random = new Random(seed, 'act bootstrap');
  const draws = Array.from({ length: RESAMPLES }, () =>
    clusters.map(() => random.int(clusters.length)),
  );
  /** @param effects sum over the pairs of each base */
  const share = (effects: readonly number[]): Figure => {
    const drawn = draws
      .map((draw) => sum(draw.map((i) => effects[i]!)) / sum(draw.map((i) => totals[i]!)))
      .sort((a, b) => a - b);
    return {
      value: sum(effects) / sum(totals),
      low: quantile(drawn, 0.025),
      high: quantile(drawn, 0.975),
    };
  };
  const nLayers = moved[0]!.layers.length;
  const layers = Array.from({ length: nLayers }, (_, layer) => layer);
  const effects = (layer: number, effect: Effect) =>
    clusters.map((cluster) => cluster.layers[layer]!(effect));
  const acting = (effect: Effect, chance: Effect): ActingLayer[] => {
    const beyond = layers.map((layer) => {
      const other = effects(layer, chance);
      return effects(layer, effect).map((x, i) => x - other[i]!);
    });
    const tests = jointSignFlipTest(beyond.map((row) => row.map((x, i) => x / clusters[i]!.count)));
    return layers.map((layer) => ({
      layer,
      recovered: share(effects(layer, effect)),
      random: share(effects(layer, chance)),
      beyondRandom: { ...share(beyond[layer]!), p: tests[layer]! },
    }));
  };
  const candidates = layers.flatMap((layer) =>
    SINGLE.map((part) => ({ layer, part, effects: effects(layer, part) })),
  );
  // For each base the part that does best on the others.
  const choices = clusters.map((_, own) => {
    const elsewhere = (values: readonly number[]) => sum(values) - values[own]!;
    return candidates.reduce((a, b) => (elsewhere(b.effects) > elsewhere(a.effects) ? b : a));
  });
  const chosen = [...groupBy(choices, (choice) => choice)].map(([{ layer, part }, own]) => ({
    layer,
    part,
    bases: own.length,
  }));
  const perPair = clusters.map(({ total, count }) => total / count);
  return {
    total: {
      value: mean(moved.map(({ total }) => total)),
      ...clusterBootstrapMean(
        [...groupBy(moved, ({ base }) => base).values()].map((own) =>
          own.map(({ total }) => total),
        ),
        { seed, resamples: RESAMPLES },
      ),
      p: signFlipTest(perPair),
    },
    stream: acting('stream', 'randomStream'),
    direction: acting('direction', 'randomDirection'),
    parts: candidates.map(({ layer, part, effects: own }) => ({
      layer,
      part,
      recovered: share(own),
    })),
    oneBlock: { ...share(choices.map((choice, i) => choice.effects[i]!)), chosen },
  };
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
