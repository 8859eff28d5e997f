import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ErrorCode, Random } from '../core/index.js';
import { boundTo, identifyModel, loadModel } from '../engine/index.js';
import {
  openCheckpoint,
  readRaw,
  readSafetensors,
  readTensor,
  relMax,
  writeSafetensors,
} from '../tensor/index.js';
import { bakeVector, type VectorFile } from './index.js';

const root = mkdtempSync(join(tmpdir(), 'suture-bake-'));
process.env.SUTURE_CACHE = join(root, 'cache');
afterAll(() => rmSync(root, { recursive: true }));
let out: string;
afterEach(() => rmSync(out, { recursive: true, force: true }));
beforeAll(() => {
  out = join(root, 'baked');
});

const fixture = (path: string) => fileURLToPath(new URL(`../../fixtures/${path}`, import.meta.url));
const folder = (name: string) => fixture(`${name}/model`);

/** A copy of a fixture with other fields in its config. */
function copyOf(name: string, changes: Record<string, unknown>): string {
  const dir = mkdtempSync(join(root, 'copy-'));
  cpSync(folder(name), dir, { recursive: true });
  const path = join(dir, 'config.json');
  const json = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...json, ...changes }));
  return dir;
}

const referenceOf = (name: string) => readSafetensors(fixture(`${name}/reference.safetensors`));

/** A prompt of a fixture. */
const promptOf = (name: string) => [...referenceOf(name).get('input_ids.1')!.data];

/** The vector that Hugging Face's code added after layer 1, and the logits that it then gave. */
function publishedSteering(name: string, dir: string) {
  const reference = referenceOf(name);
  const directions = new Map([[1, reference.get('iv.vector')!.data]]);
  const { metadata } = vectorFor(dir, [], 1.5);
  return { vector: { directions, metadata }, logits: reference.get('iv.steer_all.logits')!.data };
}

/** A vector of some layers for a model, long enough to change what it says. */
function vectorFor(dir: string, layers: readonly number[], strength = 1.5): VectorFile {
  const model = identifyModel(dir);
  const directions = layers.map((layer) => {
    const random = new Random(7, 'direction', String(layer));
    return [layer, Float32Array.from({ length: model.dModel }, () => random.normal())] as const;
  });
  const metadata = {
    method: 'mean-difference',
    strength,
    positions: 'all' as const,
    ...boundTo(model),
  };
  return { directions: new Map(directions), metadata };
}

/** Logits of a prompt that the reference has: as the folder's model computes them, steered or not. */
async function logitsOf(dir: string, ids: number[], vector?: VectorFile): Promise<Float32Array> {
  const model = await loadModel(dir, { threads: 1 });
  try {
    const interventions = [...(vector?.directions ?? [])].map(([layer, direction]) => ({
      hook: `blocks.${layer}.hook_resid_post`,
      op: 'add' as const,
      vector: direction,
      scale: vector!.metadata.strength,
      positions: 'all' as const,
    }));
    const { logits } = await model.forward([ids], { interventions });
    return logits.data;
  } finally {
    await model.close();
  }
}

const bad = (words: string | RegExp, code: ErrorCode) =>
  expect.objectContaining({ code, message: expect.stringMatching(words) });

/** Adding before and after the branch's sum is the same but for float32's rounding. */
const TOLERANCE = 2e-5;

describe("a baked checkpoint gives the logits of run-time steering, Suture's and Hugging Face's", () => {
  it.each([
    ['gpt2_f32', 'transformer.h.{i}.mlp.c_proj.bias'],
    ['gpt2_noprefix_f32', 'h.{i}.mlp.c_proj.bias'],
    ['gpt_bigcode_mqa_bf16', 'transformer.h.{i}.mlp.c_proj.bias'],
    ['gpt_bigcode_mha_f32', 'transformer.h.{i}.mlp.c_proj.bias'],
    ['gpt_neox_parallel_f16', 'gpt_neox.layers.{i}.mlp.dense_4h_to_h.bias'],
    ['gpt_neox_sequential_bf16', 'gpt_neox.layers.{i}.mlp.dense_4h_to_h.bias'],
    ['gptj_bf16', 'transformer.h.{i}.mlp.fc_out.bias'],
    ['codegen_bf16', 'transformer.h.{i}.mlp.fc_out.bias'],
    ['phi_partialrotary_bf16', 'model.layers.{i}.mlp.fc2.bias'],
    ['starcoder2_bf16', 'model.layers.{i}.mlp.c_proj.bias'],
    ['llama_f32', 'model.layers.{i}.mlp.down_proj.bias'],
    ['llama32_tied_llama3rope_bf16', 'model.layers.{i}.mlp.down_proj.bias'],
    ['llama_sharded_biases_bf16', 'model.layers.{i}.mlp.down_proj.bias'],
    ['llama_linear_f16', 'model.layers.{i}.mlp.down_proj.bias'],
    ['llama_yarn_bf16', 'model.layers.{i}.mlp.down_proj.bias'],
    ['llama_dynamicntk_bf16', 'model.layers.{i}.mlp.down_proj.bias'],
  ])('%s', async (name, bias) => {
    const dir = folder(name);
    const vector = vectorFor(dir, [0, 2]);
    const { biases, rounding } = await bakeVector(vector, dir, out);
    expect(biases).toEqual([0, 2].map((layer) => bias.replace('{i}', String(layer))));
    const exact = name.endsWith('f32');
    expect(rounding).toBeGreaterThanOrEqual(0);
    expect(rounding === 0).toBe(exact);
    expect(rounding).toBeLessThan(0.01);

    const ids = promptOf(name);
    const steered = await logitsOf(dir, ids, vector);
    expect(relMax(await logitsOf(out, ids), steered)).toBeLessThan(TOLERANCE);
    expect(relMax(await logitsOf(dir, ids), steered)).toBeGreaterThan(0.1);

    const published = publishedSteering(name, dir);
    await bakeVector(published.vector, dir, `${out}.published`);
    const logits = await logitsOf(`${out}.published`, ids);
    expect(relMax(logits, published.logits)).toBeLessThan(TOLERANCE);
    rmSync(`${out}.published`, { recursive: true });
  });

  it.each<[string, object]>([
    ['qwen2_untied_f16', {}],
    ['qwen2_tied_bf16', {}],
    ['mistral_sliding_bf16', { sliding_window: null }],
  ])('%s, as a llama model', async (name, changes) => {
    const dir = copyOf(name, { ...changes });
    const qwen = name.startsWith('qwen2');
    const vector = vectorFor(dir, [1]);
    await expect(bakeVector(vector, dir, out)).rejects.toThrow(bad(/--as-llama/, 'UNSUPPORTED'));
    const { config, added } = await bakeVector(vector, dir, out, { asLlama: true });
    expect(config).toMatchObject({ model_type: 'llama', attention_bias: qwen, mlp_bias: true });
    expect(added).toBe((qwen ? 4 : 3) * identifyModel(dir).nLayers); // o of qwen2; gate, up, down
    const ids = promptOf(name);
    const steered = await logitsOf(dir, ids, vector);
    expect(relMax(await logitsOf(out, ids), steered)).toBeLessThan(TOLERANCE);
  });
});

describe('what is written', () => {
  it('keeps every other weight to the bit, and every file beside them', async () => {
    const dir = copyOf('llama_sharded_biases_bf16', {}); // its config in one line
    const { biases, added } = await bakeVector(vectorFor(dir, [0]), dir, out);
    expect(added).toBe(0);
    const before = openCheckpoint(dir);
    const after = openCheckpoint(out);
    expect([...after.keys()]).toEqual([...before.keys()]);
    for (const [name, entry] of before) {
      if (biases.includes(name)) continue;
      expect(after.get(name)).toMatchObject({ dtype: entry.dtype, dims: entry.dims });
      expect(Buffer.compare(readRaw(after.get(name)!), readRaw(entry))).toBe(0);
    }
    for (const file of ['config.json', 'tokenizer.json', 'generation_config.json']) {
      expect(readFileSync(join(out, file))).toEqual(readFileSync(join(dir, file)));
    }
    expect(identifyModel(out).tokenizer!.hash).toBe(identifyModel(dir).tokenizer!.hash);
    const shards = [1, 2].map((i) => `model-0000${i}-of-00002.safetensors`);
    const same = (shard: string) =>
      readFileSync(join(out, shard)).equals(readFileSync(join(dir, shard)));
    expect(shards.filter(same)).toHaveLength(1); // block 0 lies in one of the two
  });

  it('adds strength times the vector to the bias that was there, in float32', async () => {
    const dir = folder('phi_partialrotary_bf16');
    const vector = vectorFor(dir, [1]);
    await bakeVector(vector, dir, out, { strength: 0.5 });
    const name = 'model.layers.1.mlp.fc2.bias';
    const baked = openCheckpoint(out).get(name)!;
    expect(baked.dtype).toBe('f32');
    const old = readTensor(openCheckpoint(dir).get(name)!).data;
    const expected = old.map((x, i) => x + 0.5 * vector.directions.get(1)![i]!);
    expect(relMax(readTensor(baked).data, expected)).toBeLessThan(1e-7);
    const note = JSON.parse(readFileSync(join(out, 'suture_vector.json'), 'utf8'));
    expect(note).toMatchObject({ into: identifyModel(dir).hash, strength: 0.5 });
    expect(note.vector).toMatchObject({
      layers: '1',
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('gives a llama model zeros where there were no biases, and says so in its config', async () => {
    const dir = folder('llama32_tied_llama3rope_bf16');
    const { config, added } = await bakeVector(vectorFor(dir, [2]), dir, out);
    expect(config).toEqual({ mlp_bias: true });
    expect(added).toBe(3 * identifyModel(dir).nLayers); // gate, up, down
    const weights = openCheckpoint(out);
    for (const name of ['gate_proj', 'up_proj', 'down_proj']) {
      const bias = weights.get(`model.layers.1.mlp.${name}.bias`)!;
      expect(bias.dtype).toBe('bf16');
      expect(readTensor(bias).data.every((x) => x === 0)).toBe(true);
    }
    const json = (folder: string) => JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
    expect(json(out)).toEqual({ ...json(dir), mlp_bias: true });
  });

  it('lists what is new in the index of the shards', async () => {
    const dir = copyOf('llama_sharded_biases_bf16', { mlp_bias: false });
    const indexOf = (folder: string) =>
      JSON.parse(readFileSync(join(folder, 'model.safetensors.index.json'), 'utf8'));
    const index = indexOf(dir);
    const isBias = (name: string) => /mlp.*bias$/.test(name);
    const biases = Object.keys(index.weight_map).filter(isBias);
    for (const shard of new Set<string>(Object.values(index.weight_map))) {
      const tensors = [...readSafetensors(join(dir, shard))].filter(([name]) => !isBias(name));
      writeSafetensors(join(dir, shard), new Map(tensors), { dtype: 'bf16' });
    }
    for (const name of biases) delete index.weight_map[name];
    writeFileSync(join(dir, 'model.safetensors.index.json'), JSON.stringify(index));

    const vector = vectorFor(dir, [0]);
    const { added } = await bakeVector(vector, dir, out);
    expect(added).toBe(biases.length);
    for (const name of biases) {
      const weight = name.replace(/bias$/, 'weight');
      expect(indexOf(out).weight_map[name]).toBe(index.weight_map[weight]);
    }
    const bytes = (folder: string) =>
      [...openCheckpoint(folder).values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    const grown = indexOf(out).metadata.total_size - index.metadata.total_size;
    expect(grown).toBe(bytes(out) - bytes(dir));
    const ids = promptOf('llama_sharded_biases_bf16');
    const steered = await logitsOf(dir, ids, vector);
    expect(relMax(await logitsOf(out, ids), steered)).toBeLessThan(TOLERANCE);
  });

  it('does not wake biases that the config had switched off', async () => {
    const dir = copyOf('llama_sharded_biases_bf16', { mlp_bias: false });
    const vector = vectorFor(dir, [0]);
    await bakeVector(vector, dir, out);
    const ids = promptOf('llama_sharded_biases_bf16');
    const steered = await logitsOf(dir, ids, vector);
    expect(relMax(await logitsOf(out, ids), steered)).toBeLessThan(TOLERANCE);
  });
});

describe('a vector is not baked', () => {
  it.each([
    ['mistral_sliding_bf16', /see only a window/],
    ['qwen3_bf16', /its MLP has no bias/],
    ['gemma_bf16', /its MLP has no bias/],
    ['gemma2_bf16', /a norm comes between/],
    ['phi3_sliding_bf16', /its MLP has no bias/],
    ['stablelm_bf16', /its MLP has no bias/],
  ])('into %s', async (name, why) => {
    const dir = folder(name);
    await expect(bakeVector(vectorFor(dir, [1]), dir, out)).rejects.toThrow(
      bad(why, 'UNSUPPORTED'),
    );
    expect(existsSync(out)).toBe(false);
  });

  it('under the name of Llama where that is no other name for it', async () => {
    const dir = folder('gemma_bf16');
    const asked = bakeVector(vectorFor(dir, [1]), dir, out, { asLlama: true });
    await expect(asked).rejects.toThrow(bad('for mistral and qwen2 models', 'BAD_ARGUMENT'));
  });

  it('into another model, backwards, or over what is there; and nothing is left behind', async () => {
    const dir = folder('llama_f32');
    const vector = vectorFor(dir, [1]);
    const foreign = { ...vector, metadata: { ...vector.metadata, model_hash: 'another' } };
    await expect(bakeVector(foreign, dir, out)).rejects.toThrow(
      bad('weights differ', 'BAD_VECTOR'),
    );
    const backwards = bakeVector(vector, dir, out, { strength: -1 });
    await expect(backwards).rejects.toThrow(bad('--allow-negative', 'BAD_ARGUMENT'));
    const aborted = bakeVector(vector, dir, out, { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toThrow(bad('Interrupted', 'INTERRUPTED'));
    expect(readdirSync(root).filter((name) => name.startsWith('baked'))).toEqual([]);
    await bakeVector(vector, dir, `${out}/`);
    await expect(bakeVector(vector, dir, out)).rejects.toThrow(
      bad('there already', 'BAD_ARGUMENT'),
    );
    const twice = bakeVector(vector, out, `${out}.twice`);
    await expect(twice).rejects.toThrow(bad('weights differ', 'BAD_VECTOR'));
  });
});
