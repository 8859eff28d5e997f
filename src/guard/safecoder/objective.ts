import { Random } from '../../core/index.js';
import type { Feed } from '../../engine/index.js';
import {
  add,
  crossEntropy,
  exp,
  Graph,
  greater,
  log,
  mul,
  neg,
  reduceSum,
  scale,
  sub,
  type Value,
  where,
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
import type { FunctionSample } from '../data/samples.js';
import { Layout } from '../layout.js';
import { divergences } from '../losses.js';
import type { AnswerSample } from './answers.js';

/** One function or answer, and which of its tokens are learnt from. */
export type SafeCoderSample = FunctionSample | AnswerSample;

export interface SafeCoderTraining {
  /** Factor of the two losses on functions. */
  weight: number;
  /** Factor of the divergence from the model as it was, on tokens of functions that did not change; 0 leaves it out. */
  kl: number;
  /** In the adapters. */
  dropout: number;
  /** Of the dropout. */
  seed: number;
  /** Kinds of samples there are, secure functions among them. Defaults to all. */
  sides?: readonly (typeof SIDES)[number][];
}

const SIDES = ['secure', 'vulnerable', 'utility'] as const;

/** 1 - p counts for no less than this (SafeCoder's code). */
const LEAST = 1e-5;

/**
 * SafeCoder's loss (He et al. 2024): changed tokens of secure functions are made more probable, those of
 * vulnerable functions less (unlikelihood, Welleck et al. 2020), and ordinary answers are learnt whole. Each sample counts
 * by the mean over its tokens, and all alike.
 */
export class SafeCoderObjective implements Objective<readonly SafeCoderSample[]> {
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly parts: readonly string[];
  readonly identity: unknown;
  readonly #config: ModelConfig;
  readonly #trainable: Extract<Trainable, { kind: 'lora' }>;
  readonly #training: SafeCoderTraining;
  readonly #sides: NonNullable<SafeCoderTraining['sides']>;

  constructor(
    config: ModelConfig,
    trainable: Extract<Trainable, { kind: 'lora' }>,
    training: SafeCoderTraining,
  ) {
    this.#config = config;
    this.#trainable = trainable;
    this.#training = training;
    this.#sides = training.sides ?? SIDES;
    this.shapes = parameterShapes(config, trainable);
    this.parts = training.kl > 0 ? [...this.#sides, 'kl'] : this.#sides;
    this.identity = ['safecoder', config, [...trainable.modules], training];
  }

  weight(batch: readonly SafeCoderSample[]): number {
    return batch.length;
  }

  tokens(batch: readonly SafeCoderSample[]): number {
    return batch.reduce((sum, { ids }) => sum + ids.length, 0);
  }

  /**
   * Inputs: tokens, positions, segments i64 [b, s]; logit_rows, labels i64 [rows]; of each kind of sample there
   * is, and of the divergence, {kind}_weights [rows]; in training dropout i64 [sites, b, s].
   */
  build(training: boolean): LossGraph {
    const { weight, kl, dropout: rate } = this.#training;
    const graph = new Graph();
    const model = new TrainableModel(graph, this.#config, this.#trainable);
    const dropout = training && rate > 0 ? new Dropout(graph, rate) : undefined;
    const inputs = model.inputs();
    const weights = (kind: string) => graph.input(`${kind}_weights`, 'f32', ['rows']);
    const { logits } = model.pass(inputs, { dropout });
    const labels = graph.input('labels', 'i64', ['rows']);
    const { loss: secure, losses } = crossEntropy(logits, labels, weights('secure'));
    const parts = new Map([['secure', secure]]);
    if (this.#sides.includes('vulnerable'))
      parts.set('vulnerable', reduceSum(mul(unlikelihoods(losses), weights('vulnerable'))));
    if (this.#sides.includes('utility'))
      parts.set('utility', reduceSum(mul(losses, weights('utility'))));
    if (kl > 0) {
      const base = model.pass(inputs, { adapter: false }).logits;
      parts.set('kl', reduceSum(mul(divergences(base, logits), weights('kl'))));
    }
    const factors: Record<string, number> = { secure: weight, vulnerable: weight, utility: 1, kl };
    const loss = [...parts]
      .map(([name, part]) => scale(part, factors[name]!))
      .reduce((a, b) => add(a, b));
    return { graph, loss, parameters: model.parameters, parts };
  }

  feeds(
    batch: readonly SafeCoderSample[],
    total: number,
    number: number | undefined,
  ): Record<string, Feed> {
    const { dropout, seed, kl } = this.#training;
    const learns = ({ changed }: SafeCoderSample, j: number) => changed[j]!;
    const resists = (sample: SafeCoderSample, j: number) =>
      kl > 0 && sample.side !== 'utility' && !sample.changed[j];
    const layout = new Layout(batch, (sample, j) => learns(sample, j) || resists(sample, j));
    const feeds = layout.feeds(this.#config);
    for (const side of this.#sides) {
      const own = (sample: SafeCoderSample, j: number) => sample.side === side && learns(sample, j);
      feeds[`${side}_weights`] = layout.shares(1 / total, own);
    }
    if (kl > 0) feeds.kl_weights = layout.shares(1 / total, resists);
    if (number === undefined || dropout === 0) return feeds;
    const random = new Random(seed, 'dropout', number);
    const sites = this.#trainable.modules.size;
    return { ...feeds, ...dropoutFeeds(random, sites, batch.length, layout.length) };
  }
}

/** -log(1 - p) of tokens that have the cross-entropies -log p. @param losses [n] */
export function unlikelihoods(losses: Value): Value {
  const { graph } = losses;
  const rest = sub(graph.scalar(1), exp(neg(losses)));
  const least = graph.scalar(LEAST);
  return neg(log(where(greater(rest, least), rest, least)));
}
