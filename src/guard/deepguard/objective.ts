import { Random } from '../../core/index.js';
import type { Feed } from '../../engine/index.js';
import {
  add,
  concat,
  crossEntropy,
  detach,
  dimProduct,
  Graph,
  gather,
  greater,
  matmul,
  mul,
  reduceSum,
  relu,
  reshape,
  scale,
  sub,
  type Value,
  where,
} from '../../graph/index.js';
import type { ForwardInputs, ModelConfig } from '../../models/index.js';
import {
  Dropout,
  dropoutFeeds,
  integerFeed,
  type LossGraph,
  type Objective,
  parameterShapes,
  rotaryFeeds,
  type Trainable,
  TrainableModel,
} from '../../train/index.js';
import { divergences } from '../losses.js';
import { ANALYSER_DROPOUTS, analyserShapes, scores } from './analyser.js';
import type { PairBatch } from './batches.js';
import type { DeepGuardSettings } from './settings.js';
import { stateHooks } from './states.js';

const SIDES = ['secure', 'vulnerable'] as const;

export interface DeepGuardTraining {
  settings: DeepGuardSettings;
  /** In the adapters and in the analyser. */
  dropout: number;
  /** Of the dropout. */
  seed: number;
}

/**
 * DeepGuard's loss (section 3.2): next-token prediction on secure functions, a hinge that has the analyser
 * score a secure function above its vulnerable twin, and the divergence of the adapted model from the
 * model as it was, on secure functions.
 */
export class DeepGuardObjective implements Objective<PairBatch> {
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly parts = ['generation', 'security', 'kl'];
  readonly identity: unknown;
  readonly #config: ModelConfig;
  readonly #trainable: Extract<Trainable, { kind: 'lora' }>;
  readonly #training: DeepGuardTraining;

  constructor(
    config: ModelConfig,
    trainable: Extract<Trainable, { kind: 'lora' }>,
    training: DeepGuardTraining,
  ) {
    this.#config = config;
    this.#trainable = trainable;
    this.#training = training;
    const own = analyserShapes(config, training.settings);
    this.shapes = new Map([...parameterShapes(config, trainable), ...own]);
    this.identity = ['deepguard', config, [...trainable.modules], training];
  }

  weight(batch: PairBatch): number {
    return batch.length;
  }

  tokens(batch: PairBatch): number {
    return batch.reduce(
      (sum, pair) => sum + pair.secure.ids.length + pair.vulnerable.ids.length,
      0,
    );
  }

  /**
   * Inputs, for each side: tokens, positions, segments (and key_segments) i64 [b, s], logit_rows i64
   * [rows], means [b, rows]; of the secure one labels i64, label_weights and kl_weights [rows]; share,
   * what a batch counts among those of its step; in training dropout i64 [sites, b, s].
   */
  build(training: boolean): LossGraph {
    const { settings, dropout: rate } = this.#training;
    const { weights, mean } = settings;
    const graph = new Graph();
    const model = new TrainableModel(graph, this.#config, this.#trainable);
    const dropout = training && rate > 0 ? new Dropout(graph, rate) : undefined;
    const keySegments = mean === 'padded';
    const secure = model.inputs('secure.', { keySegments });
    const vulnerable = model.inputs('vulnerable.', { keySegments });

    const adapted = this.#read(model, secure, dropout);
    const twin = this.#read(model, vulnerable, dropout);
    const own = (inputs: ForwardInputs, states: Value) =>
      scores(
        states,
        gather(flat(inputs.tokens), inputs.logitRows),
        this.#config,
        settings,
        (name, dims) => model.parameter(name, dims),
        dropout && ((x) => dropout.apply(x, inputs.logitRows)),
      );
    const secureScores = own(secure, adapted.states);
    const twinStates = settings.vulnerableGradient ? twin.states : detach(twin.states);
    const twinScores = own(vulnerable, twinStates);

    const rows = ['secure.rows'];
    const { loss: generation } = crossEntropy(
      adapted.logits,
      graph.input('labels', 'i64', rows),
      graph.input('label_weights', 'f32', rows),
    );
    const security = hinge(
      meanOf(secureScores, graph.input('secure.means', 'f32', ['b', 'secure.rows'])),
      meanOf(twinScores, graph.input('vulnerable.means', 'f32', ['b', 'vulnerable.rows'])),
      graph.input('pair_share', 'f32', []),
      settings,
    );
    const base = model.pass(secure, { adapter: false }).logits;
    const kl = divergence(
      base,
      adapted.logits,
      graph.input('kl_weights', 'f32', rows),
      settings.klLimit,
    );

    const share = graph.input('share', 'f32', []);
    const parts = new Map([
      ['generation', mul(generation, share)],
      ['security', mul(security, share)],
      ['kl', mul(kl, share)],
    ]);
    const loss = [...parts]
      .map(([name, part]) => scale(part, weights[name as keyof typeof weights]))
      .reduce((a, b) => add(a, b));
    return { graph, loss, parameters: model.parameters, parts };
  }

  /** One pass: logits [rows, vocab], and the hidden states that the analyser reads [rows, layers, d_model]. */
  #read(model: TrainableModel, inputs: ForwardInputs, dropout: Dropout | undefined) {
    const hooks = stateHooks(this.#config, this.#training.settings.layers);
    const at = new Map<string, Value>();
    const { logits } = model.pass(inputs, {
      dropout,
      hook: (name, value) => {
        if (hooks.includes(name)) at.set(name, value);
        return value;
      },
    });
    const d = this.#config.dModel;
    const rows = inputs.logitRows.dims[0]!;
    const states = hooks.map((name) => {
      const value = at.get(name)!;
      // The residual stream is there at all positions; what is after the final norm at these rows.
      const [b, s] = value.dims;
      const chosen =
        value.dims.length === 3
          ? gather(reshape(value, [dimProduct([b!, s!]), d]), inputs.logitRows)
          : value;
      return reshape(chosen, [rows, 1, d]);
    });
    return { logits, states: states.length === 1 ? states[0]! : concat(states, 1) };
  }

  feeds(batch: PairBatch, total: number, number: number | undefined): Record<string, Feed> {
    const { settings, dropout, seed } = this.#training;
    const padded = settings.mean === 'padded';
    const lengths = batch.flatMap((pair) => SIDES.map((side) => pair[side].ids.length));
    const b = batch.length;
    const s = padded ? settings.maxTokens : Math.max(...lengths);
    const feeds: Record<string, Feed> = {
      ...rotaryFeeds(this.#config, s),
      pair_share: scalar(1 / b),
      share: scalar(b / total),
    };
    for (const side of SIDES) {
      const rows = batch.map((pair) => pair[side].ids);
      const grid = (value: (ids: readonly number[], j: number) => number) =>
        integerFeed(
          rows.flatMap((ids) => Array.from({ length: s }, (_, j) => value(ids, j))),
          [b, s],
        );
      feeds[`${side}.tokens`] = grid((ids, j) => ids[j] ?? 0);
      feeds[`${side}.positions`] = grid((_, j) => j);
      // Hugging Face has padding look at what is before it, and nothing look at padding.
      feeds[`${side}.segments`] = grid((ids, j) => (padded || j < ids.length ? 0 : 1));
      if (padded) feeds[`${side}.key_segments`] = grid((ids, j) => (j < ids.length ? 0 : 1));
      const places = rows.flatMap((ids, row) =>
        Array.from({ length: padded ? s : ids.length }, (_, j) => ({ row, j, ids })),
      );
      const n = places.length;
      feeds[`${side}.logit_rows`] = integerFeed(
        places.map(({ row, j }) => row * s + j),
        [n],
      );
      const means = new Float32Array(b * n);
      for (const [i, { row, ids }] of places.entries()) {
        means[row * n + i] = 1 / (padded ? s : ids.length);
      }
      feeds[`${side}.means`] = { dtype: 'f32', dims: [b, n], data: means };
      if (side === 'vulnerable') continue;
      const predicted = places.filter(({ j, ids }) => j + 1 < ids.length).length;
      const real = rows.reduce((sum, ids) => sum + ids.length, 0);
      feeds.labels = integerFeed(
        places.map(({ j, ids }) => ids[j + 1] ?? 0),
        [n],
      );
      const vector = (value: (place: (typeof places)[number]) => number) =>
        ({ dtype: 'f32', dims: [n], data: Float32Array.from(places, value) }) as const;
      feeds.label_weights = vector(({ j, ids }) => (j + 1 < ids.length ? 1 / predicted : 0));
      feeds.kl_weights = vector(({ j, ids }) => (j < ids.length ? 1 / real : 0));
    }
    if (number === undefined || dropout === 0) return feeds;
    const sites = 2 * (this.#trainable.modules.size + ANALYSER_DROPOUTS);
    return { ...feeds, ...dropoutFeeds(new Random(seed, 'dropout', number), sites, b, s) };
  }
}

const scalar = (value: number): Feed => ({ dtype: 'f32', dims: [], data: Float32Array.of(value) });

const flat = (x: Value): Value => reshape(x, [dimProduct(x.dims)]);

/** Mean score of each sequence: [b, 1]. @param means [b, n] */
const meanOf = (scored: Value, means: Value): Value =>
  matmul(means, reshape(scored, [scored.dims[0]!, 1]));

/** @param secure,vulnerable mean scores [b, 1]  @param pairShare 1 / b */
function hinge(
  secure: Value,
  vulnerable: Value,
  pairShare: Value,
  { hinge: taken, margin }: DeepGuardSettings,
): Value {
  const short = (difference: Value) => relu(sub(difference.graph.scalar(margin), difference));
  const difference = sub(secure, vulnerable);
  return taken === 'pair'
    ? mul(reduceSum(short(difference)), pairShare)
    : short(mul(reduceSum(difference), pairShare));
}

/** KL(base || adapted), weighted over rows [n, vocab]; beyond the limit it is the limit. */
function divergence(base: Value, adapted: Value, weights: Value, limit: number | null): Value {
  const kl = reduceSum(mul(divergences(base, adapted), weights));
  if (limit === null) return kl;
  const most = kl.graph.scalar(limit);
  return where(greater(kl, most), most, kl);
}
