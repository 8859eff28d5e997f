import { ensure } from '../core/index.js';
import type { Feed } from '../engine/index.js';
import { crossEntropy, Graph, type Value } from '../graph/index.js';
import type { ModelConfig } from '../models/index.js';
import type { Batch } from './data.js';
import {
  integerFeed,
  parameterShapes,
  rotaryFeeds,
  type Trainable,
  TrainableModel,
} from './model.js';

/** A loss over one batch, and the parameters it depends on. */
export interface LossGraph {
  graph: Graph;
  loss: Value;
  parameters: ReadonlyMap<string, Value>;
  /** What the loss is made of, where that is told apart: scalars by name. */
  parts?: ReadonlyMap<string, Value>;
}

/** What a trainer makes small: a loss over batches of some kind. */
export interface Objective<B> {
  /** Names and shapes of the parameters. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Names of what the loss is made of, where that is told apart. */
  readonly parts: readonly string[];
  /** Whatever tells this objective from others: a checkpoint is bound to it. */
  readonly identity: unknown;
  /** @param training whether dropout acts */
  build(training: boolean): LossGraph;
  /** How much a batch counts among those of one step. */
  weight(batch: B): number;
  /** Tokens that are not padding. */
  tokens(batch: B): number;
  /**
   * A batch as inputs of the graph, so that the losses of a step's batches add up to one mean.
   *
   * @param total weight of all batches of the step
   * @param number of the batch in training, which dropout is drawn by; undefined where none acts
   */
  feeds(batch: B, total: number, number: number | undefined): Record<string, Feed>;
}

/** Predicting the next token: the weighted mean of cross-entropies. */
export class NextToken implements Objective<Batch> {
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly parts = [];
  readonly identity: unknown;
  readonly #config: ModelConfig;
  readonly #trainable: Trainable;

  constructor(config: ModelConfig, trainable: Trainable) {
    this.#config = config;
    this.#trainable = trainable;
    this.shapes = parameterShapes(config, trainable);
    this.identity = [config, trainable.kind === 'lora' ? [...trainable.modules] : []];
  }

  /**
   * Weights of tokens are fed already divided by their sum, so that micro-batches add up to one mean.
   *
   * Inputs: tokens, positions, segments i64 [b, s]; logit_rows, labels i64 [rows]; label_weights [rows].
   */
  build(): LossGraph {
    return nextTokenLoss(this.#config, this.#trainable);
  }

  weight(batch: Batch): number {
    return batch.weights.flat().reduce((a, b) => a + b, 0);
  }

  /** Padding has no weight behind the last example's end. */
  tokens(batch: Batch): number {
    return batch.tokens.reduce((sum, row, i) => {
      const last = batch.weights[i]!.findLastIndex((weight) => weight !== 0);
      return sum + Math.min(row.length, last + 2);
    }, 0);
  }

  /** Only positions with a weight get logits. */
  feeds(batch: Batch, total: number): Record<string, Feed> {
    ensure(total > 0, 'BAD_DATA', 'A batch has no token with a weight: there is nothing to learn.');
    const dims = [batch.tokens.length, batch.tokens[0]!.length];
    const weights = batch.weights.flat();
    const chosen = [...weights.keys()].filter((i) => weights[i] !== 0);
    const labels = batch.labels.flat();
    return {
      tokens: integerFeed(batch.tokens.flat(), dims),
      positions: integerFeed(batch.positions.flat(), dims),
      segments: integerFeed(batch.segments.flat(), dims),
      ...rotaryFeeds(this.#config, dims[1]!),
      logit_rows: integerFeed(chosen, [chosen.length]),
      labels: integerFeed(
        chosen.map((i) => labels[i]!),
        [chosen.length],
      ),
      label_weights: {
        dtype: 'f32',
        dims: [chosen.length],
        data: Float32Array.from(chosen, (i) => weights[i]! / total),
      },
    };
  }
}

/** @param hook looks on at every hook point, and may change what is there */
export function nextTokenLoss(
  config: ModelConfig,
  trainable: Trainable,
  hook?: (name: string, value: Value) => Value,
): LossGraph {
  const graph = new Graph();
  const model = new TrainableModel(graph, config, trainable);
  const { logits } = model.pass(model.inputs(), hook && { hook });
  const labels = graph.input('labels', 'i64', ['rows']);
  const weights = graph.input('label_weights', 'f32', ['rows']);
  const { loss } = crossEntropy(logits, labels, weights);
  return { graph, loss, parameters: model.parameters };
}
