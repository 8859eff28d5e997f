import { shapeClash } from '../dims.js';
import type { Value } from '../graph.js';
import { add, exp, mul, neg, sub } from './elementwise.js';
import { reduceMean, reduceSum, reduceTo } from './reduce.js';
import { concat, expand, reshape, split } from './shape.js';

/** Softmax over the last axis. */
export function softmax(x: Value): Value {
  const y: Value = x.graph.node('Softmax', [x], [{ dtype: x.dtype, dims: x.dims }], {
    attributes: { axis: -1 },
    backward: ([dy]) => {
      const inner = mul(dy!, y);
      return [sub(inner, mul(y, reduceSum(inner, [-1], true)))];
    },
  })[0]!;
  return y;
}

/** Logarithm of the softmax over the last axis. */
export function logSoftmax(x: Value): Value {
  const y: Value = x.graph.node('LogSoftmax', [x], [{ dtype: x.dtype, dims: x.dims }], {
    attributes: { axis: -1 },
    backward: ([dy]) => [sub(dy!, mul(exp(y), reduceSum(dy!, [-1], true)))],
  })[0]!;
  return y;
}

/** Logarithm of the logistic function, without overflow: of the log-softmax over (x, 0) the first. */
export function logSigmoid(x: Value): Value {
  const column = reshape(x, [...x.dims, 1]);
  const zeros = mul(column, x.graph.scalar(0, x.dtype === 'f64' ? 'f64' : 'f32'));
  const [own] = split(logSoftmax(concat([column, zeros], -1)), [1, 1], -1);
  return reshape(own!, x.dims);
}

/**
 * Root-mean-square normalisation over the last axis: `x / sqrt(mean(x^2) + epsilon) * weight`.
 *
 * @param x [..., d]
 * @param weight [d]
 */
export function rmsNorm(x: Value, weight: Value, epsilon: number): Value {
  if (x.dims.at(-1) !== weight.dims[0]) throw shapeClash('RMSNorm', x.dims, weight.dims);
  const [y, inverse] = x.graph.node(
    'SimplifiedLayerNormalization',
    [x, weight],
    [
      { dtype: x.dtype, dims: x.dims },
      { dtype: x.dtype, dims: x.dims.with(-1, 1) },
    ],
    {
      attributes: { axis: -1, epsilon: { float: epsilon } },
      backward: ([dy]) => {
        const unit = mul(x, inverse!); // x / rms(x)
        const dUnit = mul(dy!, weight);
        const dx = mul(inverse!, sub(dUnit, mul(unit, reduceMean(mul(dUnit, unit), [-1], true))));
        return [dx, reduceTo(mul(dy!, unit), weight.dims)];
      },
    },
  );
  return y!;
}

/**
 * Layer normalisation over the last axis: `(x - mean) / sqrt(variance + epsilon) * weight + bias`.
 *
 * @param x [..., d]
 * @param weight [d]
 * @param bias [d]; none where undefined
 */
export function layerNorm(
  x: Value,
  weight: Value,
  bias: Value | undefined,
  epsilon: number,
): Value {
  if (x.dims.at(-1) !== weight.dims[0]) throw shapeClash('LayerNorm', x.dims, weight.dims);
  const statistic = { dtype: x.dtype, dims: x.dims.with(-1, 1) };
  const [y, mean, inverse] = x.graph.node(
    'LayerNormalization',
    [x, weight, ...(bias ? [bias] : [])],
    [{ dtype: x.dtype, dims: x.dims }, statistic, statistic],
    {
      attributes: { axis: -1, epsilon: { float: epsilon } },
      backward: ([dy]) => {
        const unit = mul(sub(x, mean!), inverse!); // zero mean, unit variance
        const dUnit = mul(dy!, weight);
        const along = mul(unit, reduceMean(mul(dUnit, unit), [-1], true));
        const dx = mul(inverse!, sub(sub(dUnit, reduceMean(dUnit, [-1], true)), along));
        const dWeight = reduceTo(mul(dy!, unit), weight.dims);
        return bias ? [dx, dWeight, reduceTo(dy!, bias.dims)] : [dx, dWeight];
      },
    },
  );
  return y!;
}

export interface RotaryOptions {
  headDim: number;
  /** How many of each head's values are rotated: the first ones. Defaults to all. */
  rotated?: number;
  /** Neighbours are rotated against each other, instead of the two halves. Defaults to false. */
  interleaved?: boolean;
}

/**
 * Rotary position embedding on each head of `x` (Su et al. 2021); halves are laid out as by
 * Hugging Face's `rotate_half`.
 *
 * @param x [b, s, heads * head_dim]
 * @param rows i64 [b, s]: each token's row of the tables
 * @param cos,sin [n, rotated / 2]
 */
export function rotary(
  x: Value,
  rows: Value,
  cos: Value,
  sin: Value,
  options: RotaryOptions,
): Value {
  const { headDim, rotated = headDim, interleaved = false } = options;
  const partial = rotated < headDim;
  const attributes = {
    interleaved: Number(interleaved),
    ...(partial && { rotary_embedding_dim: rotated, num_heads: x.size(-1) / headDim }),
  };
  return x.graph.node('RotaryEmbedding', [x, rows, cos, sin], [{ dtype: x.dtype, dims: x.dims }], {
    attributes,
    domain: 'com.microsoft',
    // A rotation's transpose is the rotation by the opposite angle; what is not rotated passes.
    backward: ([dy]) => [
      rotary(dy!, rows, cos, neg(sin), options),
      undefined,
      undefined,
      undefined,
    ],
  })[0]!;
}

/**
 * Weighted sum of cross-entropies: `sum_i weights[i] * -log softmax(logits[i])[labels[i]]`.
 *
 * @param logits [n, vocab]
 * @param labels i64 [n]
 * @param weights [n]; zero leaves a position out; divide by their sum for a mean
 * @returns a scalar, the cross-entropies themselves [n], and the log-probabilities [n, vocab]
 */
export function crossEntropy(
  logits: Value,
  labels: Value,
  weights: Value,
): { loss: Value; losses: Value; logProbabilities: Value } {
  const { graph, dtype } = logits;
  const [n] = logits.dims;
  const [losses, logProbabilities] = graph.node(
    'SoftmaxCrossEntropyLoss',
    [logits, labels],
    [
      { dtype, dims: [n!] },
      { dtype, dims: logits.dims },
    ],
    {
      attributes: { reduction: 'none' },
      backward: ([dLosses, dLogProbabilities]) => {
        const probabilities = exp(logProbabilities!);
        const parts: Value[] = [];
        if (dLosses) {
          // softmax - onehot, each row times the gradient of its loss
          const minusOne = expand(graph.scalar(-1, dtype === 'f64' ? 'f64' : 'f32'), [n!, 1]);
          const difference = graph.node(
            'ScatterElements',
            [probabilities, reshape(labels, [n!, 1]), minusOne],
            [{ dtype, dims: logits.dims }],
            { attributes: { axis: 1, reduction: 'add' } },
          )[0]!;
          parts.push(mul(difference, reshape(dLosses, [n!, 1])));
        }
        if (dLogProbabilities) {
          const sum = reduceSum(dLogProbabilities, [-1], true);
          parts.push(sub(dLogProbabilities, mul(probabilities, sum)));
        }
        return [parts.reduce((a, b) => add(a, b)), undefined];
      },
    },
  );
  return {
    loss: reduceSum(mul(losses!, weights)),
    losses: losses!,
    logProbabilities: logProbabilities!,
  };
}
