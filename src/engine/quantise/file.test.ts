import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { norm, readRaw, readTensor, type TensorEntry } from '../../tensor/index.js';
import { cacheDir } from '../checkpoint/store.js';
import { openModel } from '../checkpoint.js';
import { changeTensors, copyOf, fixture } from '../testing/models.js';
import { quantisedBytes } from './file.js';
import type { StoredMatrix } from './matrices.js';
import { Rounders } from './rounders.js';
import { quantiseRows } from './rounding.js';
import { dequantise } from './testing/dequantise.js';

/** The weights that a matrix stands for, [n, k]. */
function weightsOf({ format, k, codes, scales, zeros }: StoredMatrix): Float64Array {
  const stored = {
    codes: readRaw(codes),
    scales: readTensor(scales).data,
    zeros: zeros ? readRaw(zeros) : new Uint8Array(0),
  };
  return dequantise(stored, k, format);
}

const valuesOf = (entry: TensorEntry) => readTensor(entry).data;

/** |a - b| / |b|, and what it may be: the rounding of normally distributed weights, and half of it more. */
const error = (a: ArrayLike<number>, b: Float32Array) =>
  norm(Array.from(b, (x, i) => a[i]! - x)) / norm(b);
const LIMIT = { 8: 0.0085, 4: 0.14 };

/** [k, n] as [n, k] */
const transposed = (data: Float32Array, k: number, n: number) =>
  Float32Array.from({ length: n * k }, (_, i) => data[(i % k) * n + Math.floor(i / k)]!);

describe('weights in few bits', () => {
  it.each(['int8', 'int4'] as const)(
    '%s: matrices are rounded, the rest is as it was',
    async (dtype) => {
      const dir = fixture('llama_sharded_biases_bf16/model');
      const { stored, weights, matrices } = await openModel(dir, { dtype });
      const kept = stored.filter(({ name }) => !matrices.has(name));
      expect(kept.map(({ name }) => name).filter((name) => !/norm|bias/.test(name))).toEqual([]);
      for (const entry of kept) expect(valuesOf(weights.get(entry.name)!)).toEqual(valuesOf(entry));
      for (const entry of stored.filter(({ name }) => matrices.has(name))) {
        const { factor, table } = matrices.get(entry.name)!;
        const isLookedUp = entry.name === 'model.embed_tokens.weight';
        expect([factor === undefined, table === undefined]).toEqual([isLookedUp, !isLookedUp]);
        const matrix = (factor ?? table)!;
        expect(matrix.format.bits).toBe(dtype === 'int8' || isLookedUp ? 8 : 4);
        expect(error(weightsOf(matrix), valuesOf(entry))).toBeLessThan(LIMIT[matrix.format.bits]);
      }
    },
  );

  it('of layers that are stored the other way round are turned', async () => {
    const dir = fixture('gpt2_f32/model');
    const { stored, matrices } = await openModel(dir, { dtype: 'int8' });
    const turned = stored.filter(({ name }) => /c_attn.weight|c_fc.weight/.test(name));
    expect(turned).not.toHaveLength(0);
    for (const entry of turned) {
      const [k, n] = entry.dims as [number, number];
      const matrix = matrices.get(entry.name)!.factor!;
      expect(matrix.codes.dims).toEqual([n, Math.ceil(k / 64), 64]);
      expect(error(weightsOf(matrix), transposed(valuesOf(entry), k, n))).toBeLessThan(LIMIT[8]);
    }
    expect(matrices.has('transformer.wpe.weight')).toBe(false);
  });

  it('are written once, by their content, and take the bytes that were foretold', async () => {
    const folder = join(cacheDir(), 'int4');
    const kept = () => (existsSync(folder) ? readdirSync(folder) : []);
    const before = kept();
    const written = () => kept().filter((file) => !before.includes(file));
    const dir = copyOf('qwen2_tied_bf16/model');
    const { config, stored } = await openModel(dir, { dtype: 'int4' });
    expect(written()).toHaveLength(1);
    const name = join(folder, written()[0]!);
    const first = statSync(name);
    const header = 8 + Number(readFileSync(name).readBigUInt64LE(0));
    expect(first.size - header).toBe(quantisedBytes(config, stored, 'int4'));

    await openModel(copyOf('qwen2_tied_bf16/model'), { dtype: 'int4' });
    expect(statSync(name).ino).toBe(first.ino);
    changeTensors(join(dir, 'model.safetensors'), 'bf16', (tensors) => {
      tensors.get('model.norm.weight')!.data[0] = 3;
    });
    await openModel(dir, { dtype: 'int4' });
    expect(written()).toHaveLength(2);
  });

  it.each([Number.NaN, Number.NEGATIVE_INFINITY])(
    'are refused where one is %d, by the name of its weight',
    async (value) => {
      const dir = copyOf('llama_f32/model');
      const name = 'model.layers.1.mlp.down_proj.weight';
      changeTensors(join(dir, 'model.safetensors'), 'f32', (tensors) => {
        tensors.get(name)!.data[1000] = value;
      });
      const before = readdirSync(cacheDir(), { recursive: true }).length;
      await expect(openModel(dir, { dtype: 'int8' })).rejects.toMatchObject({
        code: 'BAD_CHECKPOINT',
        message: expect.stringContaining(name),
      });
      const after = readdirSync(cacheDir(), { recursive: true });
      expect(after.filter((file) => String(file).includes('.tmp'))).toEqual([]);
      expect(after.length - before).toBeLessThanOrEqual(2); // what is remembered of the file's content
    },
  );

  it('end when they are interrupted', async () => {
    const signal = AbortSignal.abort(new Error('Ctrl-C'));
    const opening = openModel(copyOf('mistral_sliding_bf16/model'), { dtype: 'int8', signal });
    await expect(opening).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('threads that round', () => {
  it('give what the caller would have got, whichever of them is asked', async () => {
    const k = 100;
    const four = { bits: 4, block: 32 } as const;
    const piece = (seed: number) =>
      Float32Array.from({ length: 50 * k }, (_, i) => Math.sin(seed + i * i));
    const rounders = new Rounders(1e9);
    try {
      const results = await Promise.all(
        Array.from({ length: 5 }, (_, i) => rounders.round(piece(i), k, four)),
      );
      for (const [i, result] of results.entries()) {
        expect(result).toEqual(quantiseRows(piece(i), k, four));
      }
      const bad = piece(0).fill(Number.NaN, 70, 71);
      expect(await rounders.round(bad, k, four)).toBeUndefined();
    } finally {
      await rounders.close();
    }
  });
});
