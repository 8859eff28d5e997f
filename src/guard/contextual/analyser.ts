import { Random } from '../../core/index.js';
import {
  add,
  type Graph,
  gather,
  matmul,
  mul,
  reduceSum,
  relu,
  reshape,
  rmsNorm,
  scale,
  softmax,
  split,
  type Value,
} from '../../graph/index.js';
import type { ModelConfig } from '../../models/index.js';
import type { Tensor } from '../../tensor/index.js';

const NORM_EPSILON = 1e-6;

/** A gate's shares below this are closed. */
const CLOSED = 0.02;

/** Gates' parameters are so many times smaller than their logits: at the others' learning rate they would hardly move. */
const GATE_SCALE = 30;

/** Sizes of an analyser. */
export interface AnalyserShape {
  dModel: number;
  /** How many residual streams it may read. */
  layers: number;
  /** Of its projections. */
  width: number;
  /** How many classes it tells apart: none, and each kind of decision. */
  classes: number;
}

/** Names and shapes of the analyser's parameters. */
export function analyserShapes({
  dModel,
  layers,
  width,
  classes,
}: AnalyserShape): Map<string, readonly number[]> {
  return new Map<string, readonly number[]>([
    // A gate over layers for each class, and one for the candidates.
    ['gates', [classes + 1, layers]],
    ['risk.projection', [width, dModel]],
    ['risk.bias', [width]],
    ['risk.readout', [classes, width]],
    ['risk.offset', [classes]],
    ['candidate.query', [width, dModel]],
    ['candidate.key', [width, dModel]],
    ['candidate.common', [width]],
    ['candidate.prior', [1]],
  ]);
}

/** Parameters to start from: gates open alike, matrices Xavier-uniform, the rest zero. */
export function initialAnalyser(shape: AnalyserShape, seed: number): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, dims] of analyserShapes(shape)) {
    const data = new Float32Array(dims.reduce((a, b) => a * b, 1));
    if (dims.length === 2 && name !== 'gates') {
      const random = new Random(seed, 'contextual', name);
      const bound = Math.sqrt(6 / (dims[0]! + dims[1]!));
      for (let i = 0; i < data.length; i++) data[i] = bound * (2 * random.float() - 1);
    }
    tensors.set(name, { dims: [...dims], data });
  }
  return tensors;
}

/** Gives a parameter by name and shape: an input in training, a constant in use. */
export type ParameterOf = (name: string, dims: readonly number[]) => Value;

/** The analyser in a graph. */
export class Analyser {
  readonly #shape: AnalyserShape;
  readonly #parameterOf: ParameterOf;
  #gates: Value | undefined;

  constructor(shape: AnalyserShape, parameterOf: ParameterOf) {
    this.#shape = shape;
    this.#parameterOf = parameterOf;
  }

  /** What each class, and last the candidates, reads of each layer: [classes + 1, layers], rows add up to 1. */
  get gates(): Value {
    this.#gates ??= softmax(scale(this.#parameter('gates'), GATE_SCALE));
    return this.#gates;
  }

  /**
   * What is to be decided with the next token: logits of the classes [n, classes], and what candidates for it are
   * compared with [n, width].
   *
   * Each layer's stream is brought to root mean square 1, so that none is heard for its size; each class reads a
   * mixture of layers of its own.
   *
   * @param states residual streams at the last token [n, layers, d_model]
   */
  read(states: Value): { risk: Value; query: Value } {
    const { classes, width } = this.#shape;
    const n = states.dims[0]!;
    const normed = this.#normed(states);
    const [forRisk, forCandidates] = split(this.gates, [classes, 1], 0) as [Value, Value];
    const projected = matmul(normed, this.#parameter('risk.projection'), { transB: true }); // [n, layers, w]
    const mixed = matmul(forRisk, projected); // [n, classes, w]
    const hidden = relu(add(mixed, this.#parameter('risk.bias')));
    const read = reduceSum(mul(hidden, this.#parameter('risk.readout')), [-1]); // [n, classes]
    const risk = add(read, this.#parameter('risk.offset'));
    const queries = matmul(normed, this.#parameter('candidate.query'), { transB: true });
    const query = reshape(matmul(forCandidates, queries), [n, width]);
    return { risk, query };
  }

  /**
   * What stands for tokens when they are compared: [n, width].
   * @param table the model's token embedding [vocab, d_model]  @param tokens i64 [n]
   */
  keys(table: Value, tokens: Value): Value {
    const embedded = this.#normed(gather(table, tokens));
    return matmul(embedded, this.#parameter('candidate.key'), {
      transB: true,
      alpha: 1 / Math.sqrt(this.#shape.width),
    });
  }

  /**
   * How much rather a token is of secure code than of its vulnerable twin, as log-odds: [n].
   * @param query,key [n, width]  @param priors how often it was so in such decisions, as log-odds [n]
   */
  score(query: Value, key: Value, priors: Value): Value {
    const asked = add(query, this.#parameter('candidate.common'));
    return add(reduceSum(mul(asked, key), [-1]), mul(priors, this.#parameter('candidate.prior')));
  }

  #normed(x: Value): Value {
    const { dModel } = this.#shape;
    const ones = x.graph.constant('f32', {
      dims: [dModel],
      data: new Float32Array(dModel).fill(1),
    });
    return rmsNorm(x, ones, NORM_EPSILON);
  }

  #parameter(name: string): Value {
    return this.#parameterOf(name, analyserShapes(this.#shape).get(name)!);
  }
}

/** An analyser whose parameters are known. */
export function analyserOf(
  graph: Graph,
  shape: AnalyserShape,
  parameters: ReadonlyMap<string, Tensor>,
): Analyser {
  const made = new Map<string, Value>();
  return new Analyser(shape, (name) => {
    const value = made.get(name) ?? graph.constant('f32', parameters.get(name)!);
    made.set(name, value);
    return value;
  });
}

/** What each head reads of each layer, of gates [heads, layers]: rows add up to 1. */
export function gateShares({ dims, data }: Tensor): number[][] {
  const [heads, layers] = dims as [number, number];
  return Array.from({ length: heads }, (_, head) => {
    const own = [...data.subarray(head * layers, (head + 1) * layers)];
    const most = Math.max(...own);
    const powers = own.map((x) => Math.exp(GATE_SCALE * (x - most)));
    const total = powers.reduce((a, b) => a + b, 0);
    return powers.map((x) => x / total);
  });
}

/**
 * Closes the gates that let next to nothing through, and drops the layers that no gate reads then.
 *
 * @param gates as they were trained [heads, layers]
 * @returns the layers that are left, and their gates
 */
export function pruneGates(gates: Tensor): { layers: number[]; gates: Tensor } {
  const shares = gateShares(gates);
  const layers = [...shares[0]!.keys()].filter((layer) =>
    shares.some((own) => own[layer]! >= CLOSED),
  );
  const data = shares.flatMap((own) =>
    layers.map((layer) => (own[layer]! >= CLOSED ? Math.log(own[layer]!) / GATE_SCALE : -1e9)),
  );
  return {
    layers,
    gates: { dims: [shares.length, layers.length], data: Float32Array.from(data) },
  };
}

/** What a guard reads: the embedding's output first, then the residual stream after each block; or the last of these. */
export function streamHooks(
  { nLayers }: Pick<ModelConfig, 'nLayers'>,
  layers: number | 'all',
): string[] {
  const all = [
    'blocks.0.hook_resid_pre',
    ...Array.from({ length: nLayers }, (_, i) => `blocks.${i}.hook_resid_post`),
  ];
  return layers === 'all' ? all : all.slice(-layers);
}
