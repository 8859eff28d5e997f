import { ensure } from '../core/index.js';
import {
  add,
  Graph,
  greater,
  matmul,
  mul,
  reduceSum,
  reshape,
  serialize,
  softmax,
  sub,
  type Value,
  where,
} from '../graph/index.js';
import { forward } from '../models/index.js';
import type { Checkpoint } from './checkpoint.js';
import type { Feed } from './device.js';
import { type GraphOptions, inferenceInputs, storedWeights } from './program.js';
import type { Runner } from './runner.js';

/** An affine map of the residual stream that is put before the final norm: `h + W h + b`. */
export interface Translator {
  /** [d_model, d_model]: rows make the outputs. */
  weight: Float32Array;
  /** [d_model] */
  bias: Float32Array;
}

/** What a model would say if a residual stream were what comes out of its last block. */
export interface ReadOut {
  /** Of each target: [n, k]. */
  logits: Float32Array;
  /** How many tokens have a larger logit than each target: [n, k]; 0 is the most probable. */
  ranks: Float32Array;
  /** Logarithm of the sum of all logits' exponentials [n]: a logit minus it is a log-probability. */
  logSumExp: Float32Array;
  /** Of the distribution, in nats: [n]. */
  entropy: Float32Array;
}

/** Values of one run [rows, targets, vocab]: bounds its memory to 256 MiB. */
const VALUES = 2 ** 26;

/**
 * Final norm and unembedding of residual streams, in one graph with what is wanted of the logits,
 * so that they are never copied out: the logit lens (nostalgebraist 2020), and with a translator
 * the tuned lens (Belrose et al. 2023).
 *
 * @param residuals [n, d_model]
 * @param targets token ids, equally many for each row: [n][k]
 * @throws {SutureError} BAD_ARGUMENT where shapes or ids do not fit
 */
export async function readOut(
  runner: Runner,
  residuals: Float32Array,
  targets: readonly (readonly number[])[],
  translator?: Translator,
): Promise<ReadOut> {
  const { dModel, vocabSize } = runner.checkpoint.config;
  const n = targets.length;
  const k = targets[0]?.length ?? 0;
  ensure(
    residuals.length === n * dModel && targets.every((row) => row.length === k && k > 0),
    'BAD_ARGUMENT',
    `A read-out needs residuals [n, ${dModel}] and as many rows of targets, all of one length; got ${residuals.length} values and ${n} rows.`,
  );
  const wrong = targets.flat().find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabSize));
  ensure(
    wrong === undefined,
    'BAD_ARGUMENT',
    `There is no token ${wrong}; this model's vocabulary is 0 to ${vocabSize - 1}.`,
  );
  ensure(
    translator === undefined ||
      (translator.weight.length === dModel ** 2 && translator.bias.length === dModel),
    'BAD_ARGUMENT',
    `The translator is not one of a model with d_model ${dModel}.`,
  );
  const out: ReadOut = {
    logits: new Float32Array(n * k),
    ranks: new Float32Array(n * k),
    logSumExp: new Float32Array(n),
    entropy: new Float32Array(n),
  };
  const most = Math.max(1, Math.floor(VALUES / ((k + 1) * vocabSize)));
  for (let from = 0; from < n; from += most) {
    const rows = Math.min(most, n - from);
    const ids = targets.slice(from, from + rows).flat();
    const feeds: Record<string, Feed> = {
      residual: {
        dtype: 'f32',
        dims: [1, rows, dModel],
        data: residuals.subarray(from * dModel, (from + rows) * dModel),
      },
      logit_rows: integers([...Array(rows).keys()], [rows]),
      targets: integers(ids, [rows, k]),
      ...(translator && {
        translator_weight: { dtype: 'f32', dims: [dModel, dModel], data: translator.weight },
        translator_bias: { dtype: 'f32', dims: [dModel], data: translator.bias },
      }),
    };
    const session = await runner.session(`read-out ${translator !== undefined}`, (options) =>
      buildReadOut(runner.checkpoint, translator !== undefined, options),
    );
    const names = ['target_logits', 'ranks', 'log_sum_exp', 'entropy'];
    const values = await runner.device.run(session, feeds, { fetch: names });
    out.logits.set(values[0]!.data, from * k);
    out.ranks.set(values[1]!.data, from * k);
    out.logSumExp.set(values[2]!.data, from);
    out.entropy.set(values[3]!.data, from);
  }
  return out;
}

/**
 * Logits of residual streams, as if they were what comes out of the last block.
 *
 * @param residual [1, n, d_model]; an input `logit_rows` i64 [rows] says which of the n get logits
 * @returns [rows, vocab]
 */
export function unembedded(graph: Graph, checkpoint: Checkpoint, residual: Value): Value {
  const { config } = checkpoint;
  // The whole model is built, and what comes out of its last block replaced: all before it goes.
  const last = `blocks.${config.nLayers - 1}.hook_resid_post`;
  const build = {
    ...storedWeights(graph, checkpoint),
    hook: (name: string, value: Value) => (name === last ? residual : value),
  };
  return forward(build, config, inferenceInputs(graph, config)).logits;
}

/** The translator of a tuned lens: `h + W h + b`. */
export const translated = (residual: Value, weight: Value, bias: Value): Value =>
  add(residual, add(matmul(residual, weight, { transB: true }), bias));

function buildReadOut(checkpoint: Checkpoint, withTranslator: boolean, options: GraphOptions) {
  const { dModel, vocabSize } = checkpoint.config;
  const graph = new Graph(options);
  let residual = graph.input('residual', 'f32', [1, 'n', dModel]);
  if (withTranslator) {
    const weight = graph.input('translator_weight', 'f32', [dModel, dModel]);
    const bias = graph.input('translator_bias', 'f32', [dModel]);
    residual = translated(residual, weight, bias);
  }
  const logits = unembedded(graph, checkpoint, residual); // [rows, vocab]
  const rows = logits.dims[0]!;
  const targets = graph.input('targets', 'i64', [rows, 'k']);
  const chosen = graph.node(
    'GatherElements',
    [logits, targets],
    [{ dtype: 'f32', dims: targets.dims }],
    {
      attributes: { axis: 1 },
    },
  )[0]!; // [rows, k]
  const above = greater(reshape(logits, [rows, 1, vocabSize]), reshape(chosen, [rows, 'k', 1])); // [rows, k, vocab]
  const logSumExp = graph.node(
    'ReduceLogSumExp',
    [logits, graph.integers([-1])],
    [{ dtype: 'f32', dims: [rows, 1] }],
    { attributes: { keepdims: 1 } },
  )[0]!;
  const expected = reduceSum(mul(softmax(logits), logits), [-1], true);
  graph.output('target_logits', chosen);
  graph.output('ranks', reduceSum(where(above, graph.scalar(1), graph.scalar(0)), [-1]));
  graph.output('log_sum_exp', logSumExp);
  graph.output('entropy', sub(logSumExp, expected));
  return serialize(graph);
}

const integers = (values: readonly number[], dims: readonly number[]): Feed => ({
  dtype: 'i64',
  dims,
  data: BigInt64Array.from(values, BigInt),
});
