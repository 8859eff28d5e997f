import * as ort from 'onnxruntime-node';
import { Random } from '../../core/index.js';
import { Graph, serialize, type Value } from '../../graph/index.js';
import { relMax, sizeOf, type Tensor } from '../../tensor/index.js';
import {
  type Build,
  forward,
  type ModelConfig,
  parseConfig,
  RotaryTables,
  weightShapes,
} from '../index.js';
import { OracleWeights, type Rows } from './oracle.js';

/** A model's values as its definition has them: a value for each position. */
export interface OracleResult {
  embedded: Rows;
  /** The residual after each block. */
  blocks: readonly Rows[];
  logits: Rows;
}

/** A forward pass written from the published definition. */
export type Oracle = (weights: OracleWeights, ids: readonly number[]) => OracleResult;

/**
 * How far a family's graph is from its definition, on random weights: the largest relMax of the
 * embeddings, the residual after each block, and the logits.
 *
 * @param json a `config.json`
 * @param length of the prompt
 */
export async function disagreement(
  json: { vocab_size: number; [field: string]: unknown },
  oracle: Oracle,
  length = 13,
): Promise<number> {
  const config = parseConfig(json, 'config.json');
  const weights = randomWeights(config);
  const random = new Random('oracle', 'ids');
  const ids = Array.from({ length }, () => random.int(json.vocab_size));
  const read = new OracleWeights(weights);
  const wanted = oracle(read, ids);
  if (read.unread.length > 0) throw new Error(`the definition has no ${read.unread.join(', ')}`);
  const hooks = ['hook_embed', ...wanted.blocks.map((_, i) => `blocks.${i}.hook_resid_post`)];
  const got = await run(config, weights, ids, [...hooks, 'logits']);
  const values = [wanted.embedded, ...wanted.blocks, wanted.logits];
  const errors = values.map((rows, i) =>
    relMax(
      got[i]!,
      rows.flatMap((row) => [...row]),
    ),
  );
  return Math.max(...errors);
}

/** Of a size at which every part of the model matters: norms about 1, products of about their inputs' size. */
function randomWeights(config: ModelConfig): Map<string, Tensor> {
  return new Map(
    [...weightShapes(config)].map(([name, dims]) => {
      const random = new Random('oracle', name);
      const around = /norm|ln_/.test(name) && name.endsWith('weight') ? 1 : 0;
      const spread = dims.length > 1 ? 1 / Math.sqrt(Math.min(...dims)) : 0.3;
      const data = Float32Array.from(
        { length: sizeOf(dims) },
        () => around + spread * random.normal(),
      );
      return [name, { dims: [...dims], data }];
    }),
  );
}

/** The values at named hooks, of one sequence. */
async function run(
  config: ModelConfig,
  weights: ReadonlyMap<string, Tensor>,
  ids: readonly number[],
  hooks: readonly string[],
): Promise<Float32Array[]> {
  const graph = new Graph();
  const made = new Map<string, Value>();
  const build: Build = {
    graph,
    weight: (name) => {
      const value = made.get(name) ?? graph.constant('f32', weights.get(name)!);
      made.set(name, value);
      return value;
    },
    hook: (name, value) => {
      if (hooks.includes(name)) graph.output(name, value);
      return value;
    },
  };
  const s = ids.length;
  const feeds: Record<string, ort.Tensor> = {};
  const integers = (name: string, values: readonly number[], dims: string[]) => {
    const sizes = dims.length === 2 ? [1, s] : [s];
    feeds[name] = new ort.Tensor('int64', BigInt64Array.from(values, BigInt), sizes);
    return graph.input(name, 'i64', dims);
  };
  const positions = [...ids.keys()];
  const rotary = () => {
    const tables = new RotaryTables(config.rope!).rows(positions, Array<number>(s).fill(s));
    const table = (name: 'cos' | 'sin') => {
      const { dims, data } = tables[name];
      feeds[name] = new ort.Tensor('float32', data as Float32Array, dims);
      return graph.input(name, 'f32', ['n', dims[1]!]);
    };
    return { cos: table('cos'), sin: table('sin'), rows: integers('rows', positions, ['b', 's']) };
  };
  forward(build, config, {
    tokens: integers('tokens', ids, ['b', 's']),
    positions: integers('positions', positions, ['b', 's']),
    ...(config.rope && { rotary: rotary() }),
    logitRows: integers('logit_rows', positions, ['n_rows']),
  });
  const session = await ort.InferenceSession.create(serialize(graph), { intraOpNumThreads: 1 });
  const outputs = await session.run(feeds);
  await session.release();
  return hooks.map((name) => outputs[name]!.data as Float32Array);
}
