import { Random } from '../../core/index.js';
import type { Feed } from '../../engine/index.js';
import {
  add,
  concat,
  crossEntropy,
  Graph,
  gather,
  logSoftmax,
  mul,
  neg,
  reduceSum,
  reshape,
  scale,
  split,
  sub,
  transpose,
  type Value,
} from '../../graph/index.js';
import type { CachedLayer, ModelConfig } from '../../models/index.js';
import {
  Dropout,
  dropoutFeeds,
  integerFeed,
  type LossGraph,
  type Objective,
  type Trainable,
  TrainableModel,
} from '../../train/index.js';
import type { FunctionSample } from '../data/samples.js';
import { Layout } from '../layout.js';
import { divergences } from '../losses.js';
import { CONTROLS, layerNames, prefixShapes } from './prefix.js';

export interface SvenTraining {
  /** Tokens that the prefix stands for. */
  length: number;
  /** Factors of the losses beside prediction. */
  contrastive: number;
  kl: number;
  /** In the prefix. */
  dropout: number;
  /** Of the dropout. */
  seed: number;
}

/**
 * SVEN's loss (He and Vechev 2023, section 4): under the prefix of its own side a function's changed tokens are predicted;
 * they are to be more probable under it than under the other side's; and on all other tokens neither prefix is to change what
 * the model says. Each function counts by the mean over its tokens, and all alike.
 */
export class SvenObjective implements Objective<readonly FunctionSample[]> {
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly parts = ['generation', 'contrastive', 'kl'];
  readonly identity: unknown;
  readonly #config: ModelConfig;
  readonly #trainable: Extract<Trainable, { kind: 'frozen' }>;
  readonly #training: SvenTraining;

  constructor(
    config: ModelConfig,
    trainable: Extract<Trainable, { kind: 'frozen' }>,
    training: SvenTraining,
  ) {
    this.#config = config;
    this.#trainable = trainable;
    this.#training = training;
    this.shapes = prefixShapes(config, training.length);
    this.identity = ['sven', config, training];
  }

  weight(batch: readonly FunctionSample[]): number {
    return batch.length;
  }

  tokens(batch: readonly FunctionSample[]): number {
    return batch.reduce((sum, { ids }) => sum + ids.length, 0);
  }

  /**
   * Inputs: tokens, positions, segments i64 [b, s]; logit_rows, labels i64 [rows]; controls i64 [b]; changed_weights and
   * kept_weights [rows]; in training dropout i64 [sites, b, n].
   */
  build(training: boolean): LossGraph {
    const { contrastive, kl, length, dropout: rate } = this.#training;
    const graph = new Graph();
    const model = new TrainableModel(graph, this.#config, this.#trainable);
    const dropout = training && rate > 0 ? new Dropout(graph, rate, length) : undefined;
    const inputs = model.inputs();
    const own = graph.input('controls', 'i64', ['b']);
    const other = sub(graph.integers([1]), own);
    const under = (controls: Value) =>
      model.pass(model.behind(inputs, this.#layers(model, controls, dropout))).logits;
    const labels = graph.input('labels', 'i64', ['rows']);
    const changed = graph.input('changed_weights', 'f32', ['rows']);
    const kept = graph.input('kept_weights', 'f32', ['rows']);

    const right = under(own); // [rows, vocab]
    const wrong = under(other);
    const base = model.pass(inputs).logits;
    const { loss: generation, losses } = crossEntropy(right, labels, changed);
    const against = crossEntropy(wrong, labels, changed).losses;
    const drift = add(divergences(base, right), divergences(base, wrong));
    const parts = new Map([
      ['generation', generation],
      ['contrastive', reduceSum(mul(contrasts(losses, against), changed))],
      ['kl', reduceSum(mul(drift, kept))],
    ]);
    const factors: Record<string, number> = { generation: 1, contrastive, kl };
    const loss = [...parts]
      .map(([name, part]) => scale(part, factors[name]!))
      .reduce((a, b) => add(a, b));
    return { graph, loss, parameters: model.parameters, parts };
  }

  /** Keys and values of each row's control: [n_kv_heads, b, n, head_dim] per layer. @param controls i64 [b] */
  #layers(model: TrainableModel, controls: Value, dropout: Dropout | undefined): CachedLayer[] {
    const { nLayers, nKvHeads, headDim } = this.#config;
    const rows = (name: string) => {
      const both = model.parameter(name, this.shapes.get(name)!);
      const chosen = gather(both, controls); // [b, n, n_kv_heads * head_dim]
      const [b, n] = chosen.dims;
      const dropped = dropout?.apply(chosen) ?? chosen;
      return transpose(reshape(dropped, [b!, n!, nKvHeads, headDim]), [2, 0, 1, 3]);
    };
    return Array.from({ length: nLayers }, (_, layer) => {
      const { key, value } = layerNames(layer);
      return { key: rows(key), value: rows(value) };
    });
  }

  feeds(
    batch: readonly FunctionSample[],
    total: number,
    number: number | undefined,
  ): Record<string, Feed> {
    const { dropout, seed, length } = this.#training;
    const layout = new Layout(batch, () => true);
    const feeds = {
      ...layout.feeds(this.#config, length),
      controls: integerFeed(
        batch.map(({ side }) => CONTROLS.indexOf(side)),
        [batch.length],
      ),
      changed_weights: layout.shares(1 / total, ({ changed }, j) => changed[j]!),
      kept_weights: layout.shares(1 / total, ({ changed }, j) => !changed[j]),
    };
    if (number === undefined || dropout === 0) return feeds;
    const sites = 2 * this.shapes.size; // under the one control, and under the other
    const random = new Random(seed, 'dropout', number);
    return { ...feeds, ...dropoutFeeds(random, sites, batch.length, length) };
  }
}

/** -log(p / (p + q)) of tokens that have the cross-entropies -log p and -log q. @param own,other [n] */
export function contrasts(own: Value, other: Value): Value {
  const [n] = own.dims;
  const both = concat(
    [own, other].map((losses) => neg(reshape(losses, [n!, 1]))),
    1,
  );
  return neg(reshape(split(logSoftmax(both), [1, 1], 1)[0]!, [n!]));
}
