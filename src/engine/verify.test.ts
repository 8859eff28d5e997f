import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  readSafetensors,
  streamSafetensors,
  type Tensor,
  writeSafetensors,
} from '../tensor/index.js';
import { loadModel, type Model, verify } from './index.js';
import { fixture } from './testing/models.js';

const FIXTURES = readdirSync(fixture('')).filter((name) => existsSync(fixture(`${name}/model`)));
const root = mkdtempSync(join(tmpdir(), 'suture-verify-'));
afterAll(() => rmSync(root, { recursive: true }));

it.each(FIXTURES)('%s is what Hugging Face computes, tensor by tensor', async (name) => {
  const model = await loadModel(fixture(`${name}/model`), { threads: 2 });
  const found = await verify(model, fixture(`${name}/reference.safetensors`));
  expect(found.parts).toBeUndefined();
  expect(found.comparisons.length).toBeGreaterThan(3 * (model.nLayers + 2));
  for (const { relMax } of found.comparisons) expect(relMax).toBeLessThan(2e-5);
  for (const { equal, tokens } of found.greedy) expect(equal).toBe(tokens);
  for (const tensor of found.unknown)
    expect(tensor).toMatch(/^(grad|grad_batch|grad_resid|iv|lora)\./);
  await model.close();
});

describe('a reference', () => {
  let model: Model;
  let reference: Map<string, Tensor>;
  const IDS = [5, 80, 3, 200, 41, 9];
  beforeAll(async () => {
    model = await loadModel(fixture('llama_f32/model'), { threads: 1 });
    reference = readSafetensors(fixture('llama_f32/reference.safetensors'));
  });
  afterAll(() => model.close());

  let count = 0;
  /** A file with these tensors; token ids as i64, as PyTorch has them. */
  const file = async (
    tensors: Record<string, Tensor>,
    dims: (ids: Tensor) => number[] = (t) => t.dims,
  ) => {
    const path = join(root, `${count++}.safetensors`);
    const entries = Object.entries(tensors).map(([name, tensor]) => {
      const whole = name.startsWith('input_ids') || name.startsWith('greedy');
      const data = whole ? BigInt64Array.from(tensor.data, (x) => BigInt(x)) : tensor.data;
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const dtype = whole ? 'i64' : 'f32';
      return [
        name,
        { dtype, dims: whole ? dims(tensor) : tensor.dims, pieces: () => [bytes] },
      ] as const;
    });
    await streamSafetensors(path, new Map(entries));
    return path;
  };
  const ids: Tensor = { dims: [IDS.length], data: Float32Array.from(IDS) };
  const captured = async (hook: string) => {
    const { cache } = await model.forward([IDS], { capture: [hook] });
    return cache.get(hook)!;
  };
  /** The first prompt's tensors, one of them changed. */
  const changed = async (name: string, at: (width: number) => number, value = 100) => {
    const prompt = name.split('.')[1]!;
    const tensors = [...reference].filter(([key]) => {
      return key.split('.')[1] === prompt && !/^(iv|lora|grad)/.test(key);
    });
    const { dims, data } = reference.get(name)!;
    const other = Float32Array.from(data);
    other[at(dims.at(-1)!)] = value;
    return file({ ...Object.fromEntries(tensors), [name]: { dims, data: other } });
  };

  it.each([
    ['mlp_out.1.1', (width: number) => 5 * width + 7, 'blocks.1.hook_mlp_out', 5],
    ['hidden.0.0', () => 0, 'blocks.0.hook_resid_pre', 0],
    ['hidden.2.3', (width: number) => 40 * width - 1, 'ln_final.hook_normalized', 39],
    ['logits.0', (width: number) => 3 * width + 259, 'logits', 3],
    ['attn_probs.1.2', (width: number) => (2 * 17 + 4) * width, 'blocks.2.attn.hook_pattern', 4],
  ])('that differs in %s is found out there', async (name, at, hook, position) => {
    for (const value of [100, Number.NaN]) {
      const { parts, comparisons } = await verify(model, await changed(name, at, value));
      expect(parts).toMatchObject({ tensor: name, hook, partsAt: position });
      expect(comparisons.filter(({ partsAt }) => partsAt !== undefined)).toEqual([parts]);
    }
  });

  it('with another greedy token parts there', async () => {
    const { parts } = await verify(model, await changed('greedy.0', () => 11, 1));
    expect(parts).toEqual({ tensor: 'greedy.0', prompt: 0, tokens: 24, equal: 11 });
  });

  it('parts where a larger tolerance sees nothing', async () => {
    const tensor = await captured('hook_embed');
    tensor.data[0]! += 1e-3 * tensor.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const path = await file({ 'input_ids.0': ids, '0.hook_embed': tensor });
    expect((await verify(model, path, { tolerance: 1e-4 })).parts).toBeDefined();
    expect((await verify(model, path, { tolerance: 1e-2 })).parts).toBeUndefined();
  });

  it("may have hook names, Suture's or another library's, and axes of batch or heads as they come", async () => {
    const z = await captured('blocks.1.attn.hook_z'); // [1, s, heads, hd]
    const { nHeads, headDim } = model.config;
    const s = IDS.length;
    const path = await file(
      {
        'input_ids.7': ids,
        '7.blocks.1.attn.hook_z': { dims: [s, nHeads, headDim], data: z.data },
        '7.model.layers.1.self_attn.o_proj.input': { dims: [1, s, nHeads * headDim], data: z.data },
        '7.blocks.-1.hook_out': await captured('blocks.2.hook_resid_post'),
        '7.logits': await captured('logits'),
        '7.blocks.1.hook_mlp_in': await captured('blocks.1.mlp.hook_in'),
        'note.7': ids,
      },
      ({ dims }) => [1, ...dims],
    );
    const { comparisons, parts, unknown } = await verify(model, path);
    expect(parts).toBeUndefined();
    expect(comparisons.map(({ prompt, hook }) => [prompt, hook])).toEqual([
      [7, 'blocks.1.attn.hook_z'],
      [7, 'blocks.1.attn.hook_z'],
      [7, 'blocks.2.hook_resid_post'],
      [7, 'logits'],
    ]);
    expect(unknown.sort()).toEqual(['7.blocks.1.hook_mlp_in', 'note.7']);
  });

  it('of another model or none is refused', async () => {
    const refused = async (tensors: Record<string, Tensor>, message: string) => {
      await expect(verify(model, await file(tensors))).rejects.toMatchObject({
        code: 'BAD_DATA',
        message: expect.stringContaining(message),
      });
    };
    const logits = await captured('logits');
    await refused({ 'logits.0': logits }, 'no input_ids.0');
    await refused({ 'input_ids.0': ids }, 'nothing to compare');
    await refused({ 'input_ids.0': ids, 'other.0': logits }, 'nothing to compare');
    const short = { dims: [2, 260], data: logits.data.slice(0, 520) };
    await refused({ 'input_ids.0': ids, 'logits.0': short }, 'has shape [2, 260]');
    const turned = { dims: [260, IDS.length], data: logits.data };
    await refused({ 'input_ids.0': ids, 'logits.0': turned }, '[6, 260]');
  });

  it('that cannot be read, or has other ids, is refused', async () => {
    const refused = (path: string, code: string, options = {}) =>
      expect(verify(model, path, options)).rejects.toMatchObject({ code });
    await refused(join(root, 'none.safetensors'), 'NOT_FOUND');
    const text = join(root, 'text.safetensors');
    writeFileSync(text, 'not a tensor');
    await refused(text, 'BAD_CHECKPOINT');
    const logits = await captured('logits');
    const beyond = { dims: [1], data: Float32Array.of(260) };
    await refused(await file({ 'input_ids.0': beyond, 'logits.0': logits }), 'BAD_ARGUMENT');
    const two = await file({ 'input_ids.0': ids, 'logits.0': logits }, () => [2, 3]);
    await refused(two, 'BAD_DATA');
    const floats = join(root, 'floats.safetensors');
    writeSafetensors(
      floats,
      new Map([
        ['input_ids.0', ids],
        ['logits.0', logits],
      ]),
    );
    await refused(floats, 'BAD_ARGUMENT');
    const good = await file({ 'input_ids.0': ids, 'logits.0': logits });
    await refused(good, 'BAD_ARGUMENT', { tolerance: 0 });
    await refused(good, 'INTERRUPTED', { signal: AbortSignal.abort() });
  });
});
