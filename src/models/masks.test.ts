import * as ort from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { Graph, serialize } from '../graph/index.js';
import { AttentionMasks } from './masks.js';

it('a query sees keys of its own segment, up to itself; keys may have segments of their own', async () => {
  const graph = new Graph();
  const ids = (name: string) => graph.input(name, 'i64', ['b', 's']);
  const masks = new AttentionMasks({
    tokens: ids('tokens'),
    positions: ids('positions'),
    segments: ids('segments'),
    keySegments: ids('key_segments'),
    logitRows: graph.input('rows', 'i64', ['n']),
  });
  graph.output('mask', masks.get(undefined));
  const session = await ort.InferenceSession.create(serialize(graph), { logSeverityLevel: 3 });
  const row = (...values: number[]) =>
    new ort.Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);
  const { mask } = await session.run({
    tokens: row(7, 7, 7, 7),
    rows: new ort.Tensor('int64', BigInt64Array.of(), [0]),
    positions: row(0, 1, 2, 3),
    segments: row(0, 0, 0, 0),
    // The last two are padding, which sees and is not seen.
    key_segments: row(0, 0, 1, 1),
  });
  await session.release();
  const seen = Array.from(mask!.data as Float32Array, (value) => (value === 0 ? 1 : 0));
  expect(seen).toEqual([1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0]);
});
