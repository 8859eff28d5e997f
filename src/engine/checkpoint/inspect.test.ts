import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hookNames } from '../../models/index.js';
import { openModel } from '../checkpoint.js';
import { changeJson, copyOf, fixture } from '../testing/models.js';
import { inspectModel } from './inspect.js';
import { cacheBytes, memoryNeeds } from './memory.js';

describe('a model that can be loaded', () => {
  it('is told by its sizes, parameters, files and hooks', async () => {
    const dir = fixture('qwen2_tied_bf16/model');
    const found = inspectModel(dir);
    const { config, stored } = await openModel(dir);
    expect(found.problem).toBeUndefined();
    expect(found.family).toBe('qwen2');
    expect(found.sizes).toMatchObject({ nLayers: 4, dModel: 64, nKvHeads: 2, tied: true });
    expect(found.config).toEqual(config);
    const parameters = stored.reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b), 0);
    expect(found.parameters).toEqual({ total: parameters, embedding: 260 * 64 });
    expect(found.stored!.dtypes).toEqual({ bf16: 2 * parameters });
    expect(found.stored!.files).toEqual([
      { path: join(dir, 'model.safetensors'), bytes: 2 * parameters },
    ]);
    const all = found.hooks!.flatMap((hook) =>
      hook.includes('{i}')
        ? [...Array(config.nLayers).keys()].map((i) => hook.replace('{i}', String(i)))
        : [hook],
    );
    expect(all.sort()).toEqual(hookNames(config).sort());
  });

  it('in shards has several files; the one that ships has a chat template', () => {
    const sharded = inspectModel(fixture('llama_sharded_biases_bf16/model'));
    expect(sharded.stored!.files).toHaveLength(2);
    const organism = inspectModel('organism');
    expect(organism.tokenizer).toMatchObject({ present: true, chatTemplate: true });
    expect(organism.stored!.dtypes).toHaveProperty('f16');
  });

  it('needs what it says', async () => {
    const dir = fixture('mistral_sliding_bf16/model');
    const { needs, parameters, sizes } = inspectModel(dir);
    const { weights } = await openModel(dir);
    const bytes = [...weights.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    const [f32, int8, int4] = needs!;
    expect(f32!.weights).toBe(bytes);
    for (const dtype of ['int8', 'int4'] as const) {
      const checkpoint = await openModel(dir, { dtype });
      const roles = [...checkpoint.matrices.values()].flatMap(({ factor, table }) => [
        factor,
        table,
      ]);
      const files = roles.flatMap((matrix) => [matrix?.codes, matrix?.scales, matrix?.zeros]);
      const parts = new Set(files.filter((entry) => entry !== undefined)); // some have both roles
      const kept = [...checkpoint.weights.values(), ...parts];
      const need = { int8, int4 }[dtype]!;
      expect(need.weights).toBe(kept.reduce((sum, { byteLength }) => sum + byteLength, 0));
    }
    expect(int4!.weights).toBeLessThan(int8!.weights);
    expect(int8!.weights).toBeLessThan(parameters!.total * 1.5);
    expect(f32!.contexts.map(({ tokens }) => tokens)).toEqual([sizes.maxPositions]);
  });
});

describe('memory', () => {
  const { config } = inspectModel('organism');

  it('of a sequence is keys and values of all layers as float32', () => {
    // Qwen2.5-0.5B keeps 24 KiB for each token.
    const small = { ...config!, nLayers: 24, nKvHeads: 2, headDim: 64 };
    expect(cacheBytes(small, 1)).toBe(24 * 1024);
    expect(cacheBytes(small, 32768)).toBe(768 * 2 ** 20);
  });

  it('fits now, alone or not at all', () => {
    const long = { ...config!, maxPositions: 100_000 };
    const bytes = (tokens: number) => cacheBytes(long, tokens);
    const [need] = memoryNeeds(long, [], { available: bytes(300), total: bytes(9000) });
    expect(need!.contexts.map(({ tokens, fits }) => [tokens, fits])).toEqual([
      [256, 'now'],
      [2048, 'alone'],
      [8192, 'alone'],
      [100_000, 'no'],
    ]);
  });
});

describe('a model that cannot be loaded', () => {
  it('of an unknown family: says which, and what is there', () => {
    const dir = copyOf('qwen2_tied_bf16/model');
    changeJson(join(dir, 'config.json'), { model_type: 'mamba9' });
    const found = inspectModel(dir);
    expect(found.problem).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('"mamba9"'),
    });
    expect(found.family).toBe('mamba9');
    expect(found.sizes).toMatchObject({ nLayers: 4, dModel: 64, vocabSize: 260 });
    expect(found.parameters!.total).toBeGreaterThan(100_000);
    expect(found).not.toHaveProperty('needs');
    expect(found).not.toHaveProperty('hooks');
    expect(found.tokenizer.present).toBe(true);
  });

  it('with a shard cut off: says which, and what config.json says', () => {
    const dir = copyOf('llama_sharded_biases_bf16/model');
    truncateSync(join(dir, 'model-00002-of-00002.safetensors'), 1000);
    const found = inspectModel(dir);
    expect(found.problem).toMatchObject({
      code: 'BAD_CHECKPOINT',
      message: expect.stringContaining('model-00002'),
    });
    expect(found.sizes.nLayers).toBeGreaterThan(0);
    expect(found).not.toHaveProperty('stored');
  });

  it('with pickled weights only, or without config.json', () => {
    const dir = copyOf('llama_f32/model');
    rmSync(join(dir, 'model.safetensors'));
    writeFileSync(join(dir, 'pytorch_model.bin'), '');
    expect(inspectModel(dir).problem).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('pytorch_model.bin'),
    });
    rmSync(join(dir, 'config.json'));
    expect(inspectModel(dir).problem).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('never ends in anything but a SutureError, whatever config.json holds', () => {
    const dir = copyOf('llama_f32/model');
    const path = join(dir, 'config.json');
    const good = JSON.parse(readFileSync(path, 'utf8'));
    const key = fc.constantFrom(...Object.keys(good));
    const changed = fc.tuple(key, fc.jsonValue()).map(([k, value]) => ({ ...good, [k]: value }));
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), changed), (json) => {
        writeFileSync(path, JSON.stringify(json));
        expect(inspectModel(dir).dir).toBe(dir);
      }),
      { numRuns: 60 },
    );
  });
});
