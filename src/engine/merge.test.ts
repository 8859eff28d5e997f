import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loraModules } from '../models/index.js';
import { openCheckpoint, readRaw, readSafetensors, readTensor, relMax } from '../tensor/index.js';
import { readAdapter } from './adapter.js';
import { identifyModel, loadModel, mergeAdapter } from './index.js';
import { fixture } from './testing/models.js';

const root = mkdtempSync(join(tmpdir(), 'suture-merge-'));
process.env.SUTURE_CACHE = join(root, 'cache');
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;
const fresh = () => join(root, `merged-${count++}`);

const FLOAT32 = ['llama_f32', 'gpt2_f32', 'gpt2_noprefix_f32', 'gpt_bigcode_mha_f32'];
const NARROW = [
  'qwen2_tied_bf16',
  'mistral_sliding_bf16',
  'llama_linear_f16',
  'llama_sharded_biases_bf16',
];

describe.each(FLOAT32)('%s with its adapter in its weights', (name) => {
  it('says what the reference says with the adapter', async () => {
    const out = fresh();
    const { rounding } = await mergeAdapter(
      fixture(`${name}/model`),
      fixture(`${name}/adapter`),
      out,
    );
    expect(rounding).toBeLessThan(1e-5);
    const reference = readSafetensors(fixture(`${name}/reference.safetensors`));
    const model = await loadModel(out, { threads: 1 });
    try {
      for (const i of [0, 1]) {
        const prompt = [...reference.get(`input_ids.${i}`)!.data];
        const { logits } = await model.forward([prompt]);
        expect(relMax(logits.data, reference.get(`lora.logits.${i}`)!.data)).toBeLessThan(2e-5);
      }
    } finally {
      await model.close();
    }
  });
});

describe.each([...FLOAT32, ...NARROW])('the weights of %s', (name) => {
  it('are W + factor B A, rounded to their type; all others keep their bytes', async () => {
    const dir = fixture(`${name}/model`);
    const out = fresh();
    const { weights, rounding } = await mergeAdapter(dir, fixture(`${name}/adapter`), out);
    const [before, after] = [openCheckpoint(dir), openCheckpoint(out)];
    expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
    const { config } = identifyModel(dir);
    const { modules } = readAdapter(fixture(`${name}/adapter`), config);
    expect(weights).toHaveLength(modules.size);
    for (const [stored, entry] of after) {
      expect([entry.dtype, entry.dims]).toEqual([
        before.get(stored)!.dtype,
        before.get(stored)!.dims,
      ]);
      if (!weights.includes(stored)) expect(readRaw(entry)).toEqual(readRaw(before.get(stored)!));
    }
    for (const [module, { a, b, factor }] of modules) {
      const stored = weights.find((weight) => `${module}.weight`.endsWith(weight))!;
      const [rows, columns] = before.get(stored)!.dims as [number, number];
      const was = readTensor(before.get(stored)!).data;
      const is = readTensor(after.get(stored)!).data;
      const { in: width, layout } = loraModules(config).get(module)!;
      const step = { f32: 2 ** -23, f16: 2 ** -10, bf16: 2 ** -7 }[
        before.get(stored)!.dtype as 'f32'
      ];
      for (const [row, column] of [
        [0, 0],
        [rows - 1, columns - 1],
        [rows >> 1, 1],
      ] as const) {
        const [o, i] = layout === 'out_in' ? [row, column] : [column, row];
        let sum = 0;
        for (let k = 0; k < a.dims[0]!; k++) {
          sum += b.data[o * a.dims[0]! + k]! * a.data[k * width + i]!;
        }
        const want = was[row * columns + column]! + factor * sum;
        const error = Math.abs(is[row * columns + column]! - want);
        expect(error).toBeLessThanOrEqual(step * Math.abs(want) + 1e-7);
      }
    }
    if (NARROW.includes(name)) expect(rounding).toBeGreaterThan(1e-4);
    const record = JSON.parse(readFileSync(join(out, 'suture_adapter.json'), 'utf8'));
    expect(record).toEqual({ into: identifyModel(dir).hash, adapter: expect.any(String) });
    const [theirs, own] = [dir, out].map((folder) =>
      readFileSync(join(folder, 'config.json'), 'utf8'),
    );
    expect(own).toBe(theirs);
  });
});

describe('mergeAdapter refuses', () => {
  it('a folder that is there, and leaves it alone', async () => {
    const args = [fixture('llama_f32/model'), fixture('llama_f32/adapter'), root] as const;
    await expect(mergeAdapter(...args)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
  });
  it('an adapter of another model', async () => {
    const out = fresh();
    await expect(
      mergeAdapter(fixture('llama_f32/model'), fixture('gpt2_f32/adapter'), out),
    ).rejects.toMatchObject({ code: 'BAD_ADAPTER' });
    expect(existsSync(out)).toBe(false);
  });
  it('to go on when it is interrupted, and leaves nothing', async () => {
    const out = fresh();
    const signal = AbortSignal.abort();
    await expect(
      mergeAdapter(fixture('llama_f32/model'), fixture('llama_f32/adapter'), out, { signal }),
    ).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(existsSync(out)).toBe(false);
  });
  it('a weight that is no float', async () => {
    const dir = join(root, 'integers');
    cpSync(fixture('llama_f32/model'), dir, { recursive: true });
    const path = join(dir, 'model.safetensors');
    const bytes = readFileSync(path);
    const length = Number(bytes.readBigUInt64LE());
    const header = bytes.subarray(8, 8 + length).toString();
    writeFileSync(
      path,
      Buffer.concat([
        bytes.subarray(0, 8),
        Buffer.from(header.replaceAll('"F32"', '"I32"')),
        bytes.subarray(8 + length),
      ]),
    );
    const out = fresh();
    await expect(mergeAdapter(dir, fixture('llama_f32/adapter'), out)).rejects.toMatchObject({
      code: expect.stringMatching(/UNSUPPORTED|BAD_CHECKPOINT/),
    });
    expect(existsSync(out)).toBe(false);
  });
});
