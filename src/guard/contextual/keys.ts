import { Device } from '../../engine/index.js';
import { Graph, serialize } from '../../graph/index.js';
import { type ModelConfig, weightShapes } from '../../models/index.js';
import type { Tensor, TensorEntry } from '../../tensor/index.js';
import { type AnalyserShape, analyserOf } from './analyser.js';

/** A model's token embedding [vocab, d_model]: the first of its weights of that shape that is looked up in. */
export function embeddingOf(
  config: ModelConfig,
  weights: ReadonlyMap<string, TensorEntry>,
): TensorEntry {
  const [name] = [...weightShapes(config)].find(
    ([, dims]) => dims.join() === `${config.vocabSize},${config.dModel}`,
  )!;
  return weights.get(name)!;
}

/** Tokens whose keys are computed at once: bounds memory. */
const KEYS = 8192;

/**
 * What stands for each token of a vocabulary [vocab, width].
 * @param embedding the model's token embedding, in place
 */
export async function keysOf(
  shape: AnalyserShape,
  parameters: ReadonlyMap<string, Tensor>,
  embedding: TensorEntry,
): Promise<Tensor> {
  const graph = new Graph();
  const { file, offset, byteLength, dims } = embedding;
  const table = graph.external('embedding', 'f32', dims, { file, offset, length: byteLength });
  const tokens = graph.input('tokens', 'i64', ['n']);
  graph.output('keys', analyserOf(graph, shape, parameters).keys(table, tokens));
  const device = new Device({ threads: 1 });
  try {
    const session = await device.load(serialize(graph));
    const vocab = dims[0]!;
    const keys = new Float32Array(vocab * shape.width);
    for (let from = 0; from < vocab; from += KEYS) {
      const n = Math.min(KEYS, vocab - from);
      const ids = BigInt64Array.from({ length: n }, (_, i) => BigInt(from + i));
      const feeds = { tokens: { dtype: 'i64', dims: [n], data: ids } as const };
      const [found] = await device.run(session, feeds, { fetch: ['keys'] });
      keys.set(found!.data, from * shape.width);
    }
    return { dims: [vocab, shape.width], data: keys };
  } finally {
    await device.close();
  }
}
