import { Random } from '../../core/index.js';
import {
  add,
  concat,
  gather,
  layerNorm,
  matmul,
  reduceMean,
  relu,
  reshape,
  sigmoid,
  softmax,
  split,
  type Value,
} from '../../graph/index.js';
import type { ModelConfig } from '../../models/index.js';
import type { Tensor } from '../../tensor/index.js';
import type { DeepGuardSettings } from './settings.js';

/** Width of a token's own embedding, and of the three hidden layers (DeepGuard, appendix C.2). */
const EMBEDDING = 128;
const HIDDEN = [512, 256, 128] as const;
const NORM_EPSILON = 1e-5;

/** Where a dropout acts, in the order in which it is asked for: after the first two hidden layers. */
export const ANALYSER_DROPOUTS = 2;

type Shape = Pick<ModelConfig, 'dModel' | 'vocabSize'>;
type Structure = Pick<DeepGuardSettings, 'layers' | 'aggregator' | 'projections'>;

/** Names and shapes of the aggregator's and the analyser's parameters. */
export function analyserShapes(
  { dModel, vocabSize }: Shape,
  { aggregator, projections }: Structure,
): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  const affine = projections === 'affine';
  const linear = (name: string, into: number, out: number, bias: boolean) => {
    shapes.set(`${name}.weight`, [out, into]);
    if (bias) shapes.set(`${name}.bias`, [out]);
  };
  if (aggregator === 'attention') {
    const all = affine ? ['query', 'key', 'value', 'output'] : ['query', 'key', 'value'];
    for (const name of all) linear(`aggregator.${name}`, dModel, dModel, affine);
  }
  shapes.set('analyser.embedding.weight', [vocabSize, EMBEDDING]);
  let width = dModel + EMBEDDING;
  for (const [i, out] of HIDDEN.entries()) {
    linear(`analyser.layers.${i}`, width, out, true);
    if (i < ANALYSER_DROPOUTS) {
      shapes.set(`analyser.norms.${i}.weight`, [out]);
      shapes.set(`analyser.norms.${i}.bias`, [out]);
    }
    width = out;
  }
  linear('analyser.score', width, 1, true);
  return shapes;
}

/**
 * Parameters to start from: PyTorch's default for the aggregator (uniform within 1 / sqrt(in)),
 * Xavier-uniform and no bias for the analyser, its embedding normal with deviation 0.02.
 */
export function initialAnalyser(
  shape: Shape,
  structure: Structure,
  seed: number,
): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, dims] of analyserShapes(shape, structure)) {
    const random = new Random(seed, 'analyser', name);
    const uniform = (bound: number) => () => bound * (2 * random.float() - 1);
    const draw = (): (() => number) => {
      if (name.includes('.norms.')) return () => (name.endsWith('.weight') ? 1 : 0);
      if (name === 'analyser.embedding.weight') return () => 0.02 * random.normal();
      if (name.startsWith('aggregator.')) return uniform(1 / Math.sqrt(shape.dModel));
      if (name.endsWith('.bias')) return () => 0;
      return uniform(Math.sqrt(6 / (dims[0]! + dims[1]!)));
    };
    const length = dims.reduce((a, b) => a * b, 1);
    tensors.set(name, { dims: [...dims], data: Float32Array.from({ length }, draw()) });
  }
  return tensors;
}

/** Gives a parameter by name and shape: an input in training, a constant in use. */
export type ParameterOf = (name: string, dims: readonly number[]) => Value;

/**
 * How secure each token looks (DeepGuard, sections 3.1 and 3.2): hidden states of several layers become
 * one by attention whose query is their mean; with an embedding of the token itself this goes through
 * three hidden layers into a number from 0, vulnerable, to 1, secure.
 *
 * @param states [n, layers, d_model]
 * @param tokens the token at each place, i64 [n]
 * @param dropout applied after the first two hidden layers. Defaults to none
 * @returns [n]
 */
export function scores(
  states: Value,
  tokens: Value,
  shape: Shape,
  structure: Structure,
  parameterOf: ParameterOf,
  dropout: (x: Value) => Value = (x) => x,
): Value {
  const shapes = analyserShapes(shape, structure);
  const parameter = (name: string) => parameterOf(name, shapes.get(name)!);
  const linear = (name: string, x: Value): Value => {
    const y = matmul(x, parameter(`${name}.weight`), { transB: true });
    return shapes.has(`${name}.bias`) ? add(y, parameter(`${name}.bias`)) : y;
  };
  const embedded = gather(parameter('analyser.embedding.weight'), tokens); // [n, 128]
  let x = concat([aggregated(states, shape, structure, linear), embedded], 1); // [n, d_model + 128]
  for (const [i] of HIDDEN.entries()) {
    x = linear(`analyser.layers.${i}`, x);
    if (i < ANALYSER_DROPOUTS) {
      const norm = `analyser.norms.${i}`;
      x = layerNorm(x, parameter(`${norm}.weight`), parameter(`${norm}.bias`), NORM_EPSILON);
      x = dropout(relu(x));
    } else {
      x = relu(x);
    }
  }
  const score = sigmoid(linear('analyser.score', x)); // [n, 1]
  return reshape(score, [score.dims[0]!]);
}

/** One state of each token: [n, d_model]. */
function aggregated(
  states: Value,
  { dModel }: Shape,
  { layers, aggregator, projections }: Structure,
  linear: (name: string, x: Value) => Value,
): Value {
  const n = states.dims[0]!;
  switch (aggregator) {
    case 'last_layer': {
      const last = layers === 1 ? states : split(states, [layers - 1, 1], 1)[1]!;
      return reshape(last, [n, dModel]);
    }
    case 'average':
      return reduceMean(states, [1]);
    case 'attention': {
      const query = linear('aggregator.query', reduceMean(states, [1], true)); // [n, 1, d]
      const key = linear('aggregator.key', states); // [n, layers, d]
      const value = linear('aggregator.value', states);
      const alpha = 1 / Math.sqrt(dModel);
      const weights = softmax(matmul(query, key, { transB: true, alpha })); // [n, 1, layers]
      const mixed = reshape(matmul(weights, value), [n, dModel]);
      return projections === 'affine' ? linear('aggregator.output', mixed) : mixed;
    }
  }
}
