import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { Graph } from './graph.js';
import { add, concat, dimProduct, exp, matmul, mul, reshape } from './index.js';
import { serialize } from './serialize.js';

const dir = mkdtempSync(join(tmpdir(), 'suture-graph-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Runs a graph in ONNX Runtime, as the engine does. */
async function run(graph: Graph, feeds: Record<string, [number[], number[]]>) {
  const session = await ort.InferenceSession.create(serialize(graph), {
    extra: { session: { model_external_initializers_file_folder_path: '/' } },
  });
  const inputs = Object.entries(feeds).map(([name, [dims, data]]) => {
    return [name, new ort.Tensor('float32', Float32Array.from(data), dims)];
  });
  const outputs = await session.run(Object.fromEntries(inputs));
  await session.release();
  const results = Object.entries(outputs).map(([name, { dims, data }]) => {
    return [name, { dims: [...dims], data: [...(data as Float32Array)] }];
  });
  return Object.fromEntries(results);
}

const holds = (graph: Graph, text: string) => Buffer.from(serialize(graph)).includes(text);

describe('serialize', () => {
  it('uses weights in place, anywhere in a file', async () => {
    const file = join(dir, 'weights.bin');
    const bytes = Buffer.alloc(3 + 24 + 2);
    for (const [i, x] of [1, 2, 3, 4, 5, 6].entries()) bytes.writeFloatLE(x, 3 + 4 * i);
    writeFileSync(file, bytes);
    const g = new Graph();
    const x = g.input('x', 'f32', ['b', 3]);
    const w = g.external('w', 'f32', [2, 3], { file, offset: 3, length: 24 });
    g.output('y', matmul(x, w, { transB: true }));
    const { y } = await run(g, {
      x: [
        [2, 3],
        [1, 0, 0, 0, 1, 1],
      ],
    });
    expect(y).toEqual({ dims: [2, 2], data: [1, 4, 5, 11] });
  });

  it('leaves out what no output depends on', async () => {
    const g = new Graph();
    const x = g.input('x', 'f32', [2]);
    const missing = { file: '/there/is/no/such/file', offset: 0, length: 8 };
    exp(mul(x, g.external('unused weight', 'f32', [2], missing)));
    g.output('y', add(x, x));
    expect(holds(g, 'Exp')).toBe(false);
    expect(holds(g, 'unused weight')).toBe(false);
    expect(holds(g, 'Add')).toBe(true);
    expect((await run(g, { x: [[2], [1, 2]] })).y.data).toEqual([2, 4]);
  });

  it('gives one value under several names', async () => {
    const g = new Graph();
    const x = g.input('x', 'f32', [2]);
    const y = mul(x, x);
    for (const name of ['first', 'second', 'third']) g.output(name, y);
    const outputs = await run(g, { x: [[2], [2, 3]] });
    expect(Object.keys(outputs).sort()).toEqual(['first', 'second', 'third']);
    for (const { data } of Object.values<{ data: number[] }>(outputs)) expect(data).toEqual([4, 9]);
  });

  it('gives inputs and weights as outputs, under their own name or another', async () => {
    const g = new Graph();
    const x = g.input('x', 'f32', [2]);
    const file = join(dir, 'one.bin');
    writeFileSync(file, new Uint8Array(Float32Array.of(7, 8).buffer));
    const w = g.external('w', 'f32', [2], { file, offset: 0, length: 8 });
    g.output('copy of x', x);
    g.output('copy of w', w);
    g.output('w', w);
    const outputs = await run(g, { x: [[2], [1, 2]] });
    expect(outputs['copy of x'].data).toEqual([1, 2]);
    expect(outputs['copy of w'].data).toEqual([7, 8]);
    expect(outputs.w.data).toEqual([7, 8]);
  });

  it('resolves products and sums of symbols at run time', async () => {
    const g = new Graph();
    const x = g.input('x', 'f32', ['b', 's', 2]);
    const y = g.input('y', 'f32', ['b', 'past', 2]);
    const both = concat([x, y], 1); // [b, past+s, 2]
    const rows = dimProduct(['b', 'past+s']);
    g.output('flat', reshape(reshape(both, [rows, 2]), [2, rows]));
    const column = reshape(both, [dimProduct([rows, 2]), 1]);
    g.output('folded', reshape(column, ['past+s', 2, 'b']));
    const feeds: Record<string, [number[], number[]]> = {
      x: [
        [1, 1, 2],
        [1, 2],
      ],
      y: [
        [1, 2, 2],
        [3, 4, 5, 6],
      ],
    };
    const { flat, folded } = await run(g, feeds);
    expect(flat).toEqual({ dims: [2, 3], data: [1, 2, 3, 4, 5, 6] });
    expect(folded.dims).toEqual([3, 2, 1]);
  });

  it('stores equal constants once', () => {
    const g = new Graph();
    expect(g.scalar(2)).toBe(g.scalar(2));
    expect(g.scalar(2)).not.toBe(g.scalar(3));
    expect(g.scalar(2)).not.toBe(g.scalar(2, 'f64'));
    expect(g.integers([1, 2])).not.toBe(g.integers([2, 1]));
  });

  it('refuses two values of one name, and values of another graph', () => {
    const g = new Graph();
    const x = g.input('x', 'f32', [2]);
    expect(() => g.input('x', 'f32', [2])).toThrow('two values called x');
    expect(() => g.output('x', add(x, x))).toThrow('two values called x');
    g.output('y', x);
    expect(() => g.output('y', x)).toThrow('two outputs called y');
    expect(() => add(x, new Graph().input('z', 'f32', [2]))).toThrow('z belongs to another graph');
    expect(() => g.sizeOf('unknown')).toThrow('No input has the dimension unknown');
  });
});
