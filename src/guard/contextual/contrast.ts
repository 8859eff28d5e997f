import { Random } from '../../core/index.js';
import type { Feed } from '../../engine/index.js';
import {
  add,
  crossEntropy,
  exp,
  Graph,
  logSigmoid,
  matmul,
  mul,
  neg,
  reduceSum,
  reshape,
  scale,
  sub,
} from '../../graph/index.js';
import type { ModelConfig } from '../../models/index.js';
import {
  Dropout,
  dropoutFeeds,
  type LossGraph,
  type Objective,
  parameterShapes,
  type Trainable,
  TrainableModel,
} from '../../train/index.js';
import type { TokenPair } from '../data/tokens.js';
import { Layout } from '../layout.js';
import { type OrdinaryText, placesOf } from './decisions.js';
import type { ContextualSettings } from './settings.js';

/** A pair, beside a text that is to stay as it is. */
export interface ContrastItem {
  pair: TokenPair;
  ordinary: OrdinaryText | undefined;
}

/** Each pair beside an ordinary text, in turn. */
export const contrastItems = (
  pairs: readonly TokenPair[],
  ordinary: readonly OrdinaryText[],
): ContrastItem[] =>
  pairs.map((pair, i) => ({ pair, ordinary: ordinary[i % Math.max(1, ordinary.length)] }));

export interface ContrastTraining {
  settings: Pick<ContextualSettings, 'weights' | 'beta'>;
  /** In the adapters. */
  dropout: number;
  /** Of the dropout. */
  seed: number;
}

/**
 * What the contextual guard's adapter learns: where the two functions of a pair differ, what the secure one has there, by
 * cross-entropy; that it gains on what the vulnerable one has, by as much as direct preference optimisation asks for
 * (Rafailov et al. 2023, equation 7, over the tokens that differ); and everywhere else, and on ordinary code, to stay
 * as it is: KL(as it was || adapted).
 */
export class ContrastObjective implements Objective<readonly ContrastItem[]> {
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly parts = ['secure', 'contrast', 'kl'];
  readonly identity: unknown;
  readonly #config: ModelConfig;
  readonly #trainable: Extract<Trainable, { kind: 'lora' }>;
  readonly #training: ContrastTraining;

  constructor(
    config: ModelConfig,
    trainable: Extract<Trainable, { kind: 'lora' }>,
    training: ContrastTraining,
  ) {
    this.#config = config;
    this.#trainable = trainable;
    this.#training = training;
    this.shapes = parameterShapes(config, trainable);
    this.identity = ['contrast', config, [...trainable.modules], training];
  }

  weight(batch: readonly ContrastItem[]): number {
    return batch.length;
  }

  tokens(batch: readonly ContrastItem[]): number {
    return rowsOf(batch).reduce((sum, { ids }) => sum + ids.length, 0);
  }

  /**
   * Inputs: tokens, positions, segments i64 [b, s] of secure and vulnerable functions by turns, then of ordinary
   * texts; logit_rows, labels i64 [rows]; secure_weights, kl_weights [rows]; differences [pairs, rows], +1 where a row
   * is of what the pair's secure function has otherwise, -1 for the vulnerable one; pair_weights [pairs, 1]; in
   * training dropout i64 [sites, b, s].
   */
  build(training: boolean): LossGraph {
    const { settings, dropout: rate } = this.#training;
    const graph = new Graph();
    const model = new TrainableModel(graph, this.#config, this.#trainable);
    const dropout = training && rate > 0 ? new Dropout(graph, rate) : undefined;
    const inputs = model.inputs();
    const adapted = model.pass(inputs, { dropout }).logits; // [rows, vocab]
    const plain = model.pass(inputs, { adapter: false }).logits;
    const rows = ['rows'];
    const labels = graph.input('labels', 'i64', rows);
    const weights = graph.input('secure_weights', 'f32', rows);
    const now = crossEntropy(adapted, labels, weights);
    const was = crossEntropy(plain, labels, weights);
    const gained = reshape(sub(was.losses, now.losses), ['rows', 1]);
    const differences = graph.input('differences', 'f32', ['pairs', 'rows']);
    const margins = scale(matmul(differences, gained), settings.beta); // [pairs, 1]
    const shares = graph.input('pair_weights', 'f32', ['pairs', 1]);
    const contrast = neg(reduceSum(mul(logSigmoid(margins), shares)));
    const moved = mul(exp(was.logProbabilities), sub(was.logProbabilities, now.logProbabilities));
    const kl = reduceSum(mul(reduceSum(moved, [-1]), graph.input('kl_weights', 'f32', rows)));

    const parts = new Map([
      ['secure', now.loss],
      ['contrast', contrast],
      ['kl', kl],
    ]);
    const loss = [...parts]
      .map(([name, part]) => scale(part, settings.weights[name as keyof typeof settings.weights]))
      .reduce((a, b) => add(a, b));
    return { graph, loss, parameters: model.parameters, parts };
  }

  feeds(
    batch: readonly ContrastItem[],
    total: number,
    number: number | undefined,
  ): Record<string, Feed> {
    const rows = rowsOf(batch);
    const layout = new Layout(rows, ({ places }, j) => places.has(j));
    const places = rows.flatMap((row, r) =>
      [...row.places].map(([, changed]) => ({ row, r, changed })),
    );
    const n = places.length;
    // Each pair counts alike, and so do all tokens that are to stay as they are.
    const share = 1 / total;
    const kept = places.filter(({ changed }) => !changed).length;
    const differences = new Float32Array(batch.length * n);
    for (const [i, { row, r, changed }] of places.entries()) {
      if (changed) differences[Math.floor(r / 2) * n + i] = row.side === 'secure' ? 1 : -1;
    }
    const vector = (data: Float32Array, dims = [data.length]): Feed => ({
      dtype: 'f32',
      dims,
      data,
    });
    const feeds: Record<string, Feed> = {
      ...layout.feeds(this.#config),
      secure_weights: layout.shares(
        share,
        (row, j) => row.side === 'secure' && row.places.get(j) === true,
      ),
      kl_weights: vector(
        Float32Array.from(places, ({ changed }) => (changed ? 0 : (share * batch.length) / kept)),
      ),
      differences: vector(differences, [batch.length, n]),
      pair_weights: vector(new Float32Array(batch.length).fill(share), [batch.length, 1]),
    };
    const { dropout, seed } = this.#training;
    if (number === undefined || dropout === 0) return feeds;
    const random = new Random(seed, 'dropout', number);
    const sites = this.#trainable.modules.size;
    return { ...feeds, ...dropoutFeeds(random, sites, rows.length, layout.length) };
  }
}

/** Sequences of a batch, and of each the tokens that are predicted: whether they are of what differs. */
function rowsOf(batch: readonly ContrastItem[]) {
  const sides = ['secure', 'vulnerable'] as const;
  return [
    ...batch.flatMap(({ pair }) =>
      sides.map((side) => ({
        side,
        ids: pair[side].ids,
        places: new Map(placesOf(pair, side).map(({ index, changed }) => [index, changed])),
      })),
    ),
    ...batch.flatMap(({ ordinary }) => {
      if (!ordinary) return [];
      const { ids, requestLength } = ordinary;
      const from = Math.max(1, requestLength);
      const places = new Map(ids.slice(from).map((_, i) => [from + i, false]));
      return [{ side: undefined, ids, places }];
    }),
  ];
}
