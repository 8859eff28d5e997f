import { Random } from '../../core/index.js';
import type { Feed } from '../../engine/index.js';
import {
  add,
  crossEntropy,
  Graph,
  log,
  logSigmoid,
  mul,
  neg,
  reduceSum,
  scale,
  sub,
  type Value,
} from '../../graph/index.js';
import type { TensorEntry } from '../../tensor/index.js';
import { integerFeed, type LossGraph, type Objective } from '../../train/index.js';
import { Analyser, type AnalyserShape, analyserShapes } from './analyser.js';
import type { Example } from './examples.js';
import type { Candidates, StateFile } from './states.js';

/** Numbers of examples whose losses are taken together. */
export type ExampleBatch = readonly number[];

export interface AnalyserTraining {
  shape: AnalyserShape;
  /** Of the examples, with `none` first. */
  classes: readonly string[];
  sparsity: number;
  /** Of the stray tokens. */
  seed: number;
  /** The model's token embedding, in place. */
  embedding: TensorEntry;
}

/** Factor of what keeps scores of tokens that are neither at 0. */
const STRAY = 0.05;

/**
 * What the analyser learns, place by place: what kind of decision the next token is, by cross-entropy; where two
 * functions part, that the secure one's token scores above the other's; of every token that differs, which function it
 * is of; that what else the model might write there scores 0; and to read few layers (the gates' entropy).
 */
export class AnalyserObjective implements Objective<ExampleBatch> {
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly parts = ['risk', 'pair', 'side', 'stray', 'gates'];
  readonly identity: unknown;
  readonly #examples: readonly Example[];
  readonly #rivals: readonly (readonly number[])[];
  readonly #states: StateFile;
  readonly #training: AnalyserTraining;

  /** @param candidates what the model would write at the examples' places, where that is known */
  constructor(
    examples: readonly Example[],
    states: StateFile,
    candidates: readonly (Candidates | undefined)[],
    training: AnalyserTraining,
  ) {
    this.#examples = examples;
    this.#rivals = examples.map(({ next, other }, i) =>
      (other === undefined ? [] : candidates[i]!.tokens).filter(
        (token) => token !== next && token !== other,
      ),
    );
    this.#states = states;
    this.#training = training;
    this.shapes = analyserShapes(training.shape);
    const { embedding: _, ...rest } = training;
    this.identity = ['contextual analyser', rest, examples];
  }

  weight(batch: ExampleBatch): number {
    return batch.length;
  }

  tokens(batch: ExampleBatch): number {
    return batch.length;
  }

  /**
   * Inputs: states [n, layers, d_model]; classes, next, other, stray i64 [n]; next_priors, other_priors [n]; signs [n],
   * +1 where the next token is the secure function's; risk_weights, pair_weights, side_weights, stray_weights [n]; share, what a
   * batch counts among those of its step.
   */
  build(): LossGraph {
    const { shape, sparsity, embedding } = this.#training;
    const { dModel, layers } = shape;
    const graph = new Graph();
    const parameters = new Map<string, Value>();
    const analyser = new Analyser(shape, (name, dims) => {
      const value = parameters.get(name) ?? graph.input(name, 'f32', dims);
      parameters.set(name, value);
      return value;
    });
    const { file, offset, byteLength, dims } = embedding;
    const table = graph.external('embedding', 'f32', dims, { file, offset, length: byteLength });
    const vector = (name: string) => graph.input(name, 'f32', ['n']);
    const tokens = (name: string) => graph.input(name, 'i64', ['n']);

    const { risk, query } = analyser.read(graph.input('states', 'f32', ['n', layers, dModel]));
    const scoreOf = (ids: Value, priors: Value) =>
      analyser.score(query, analyser.keys(table, ids), priors);
    const next = scoreOf(tokens('next'), vector('next_priors'));
    const other = scoreOf(tokens('other'), vector('other_priors'));
    const sideWeights = vector('side_weights');
    const strayWeights = vector('stray_weights');
    const stray = scoreOf(tokens('stray'), mul(strayWeights, graph.scalar(0)));
    const signs = vector('signs');

    const kinds = crossEntropy(risk, tokens('classes'), vector('risk_weights'));
    const weighted = (x: Value, weights: Value) => reduceSum(mul(x, weights));
    const unlikely = (odds: Value, weights: Value) => neg(weighted(logSigmoid(odds), weights));
    const { gates } = analyser;
    const share = graph.input('share', 'f32', []);
    const entropy = neg(reduceSum(mul(gates, log(add(gates, graph.scalar(1e-9))))));
    const parts = new Map([
      ['risk', kinds.loss],
      ['pair', unlikely(sub(next, other), vector('pair_weights'))],
      ['side', unlikely(mul(signs, next), sideWeights)],
      ['stray', scale(weighted(mul(stray, stray), strayWeights), STRAY)],
      ['gates', scale(mul(entropy, share), sparsity)],
    ]);
    const loss = [...parts.values()].reduce((a, b) => add(a, b));
    return { graph, loss, parameters, parts };
  }

  feeds(batch: ExampleBatch, total: number, number: number | undefined): Record<string, Feed> {
    const { shape, classes, seed } = this.#training;
    const chosen = batch.map((i) => this.#examples[i]!);
    const n = chosen.length;
    const vector = (value: (one: Example, i: number) => number): Feed => ({
      dtype: 'f32',
      dims: [n],
      data: Float32Array.from(chosen, value),
    });
    const tokens = (value: (one: Example, i: number) => number) =>
      integerFeed(chosen.map(value), [n]);
    const stray = new Random(seed, 'stray', number ?? -1);
    const share = n / total;
    const part = (hit: (one: Example, i: number) => boolean) => {
      const hits = Math.max(1, chosen.filter(hit).length);
      return vector((one, i) => (hit(one, i) ? share / hits : 0));
    };
    const hasRivals = (i: number) => this.#rivals[batch[i]!]!.length > 0;
    return {
      states: {
        dtype: 'f32',
        dims: [n, shape.layers, shape.dModel],
        data: this.#states.read(batch),
      },
      classes: tokens(({ name }) => classes.indexOf(name)),
      next: tokens(({ next }) => next),
      other: tokens(({ next, other }) => other ?? next),
      stray: tokens((_, i) => (hasRivals(i) ? stray.pick(this.#rivals[batch[i]!]!) : 0)),
      next_priors: vector(({ priors }) => priors.next),
      other_priors: vector(({ priors }) => priors.other),
      signs: vector(({ side }) => (side === 'secure' ? 1 : -1)),
      risk_weights: vector(() => share / n),
      pair_weights: part(({ other }) => other !== undefined),
      side_weights: part(({ changed }) => changed),
      stray_weights: part((_, i) => hasRivals(i)),
      share: { dtype: 'f32', dims: [], data: Float32Array.of(share) },
    };
  }
}
