import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { SutureError } from '../core/index.js';
import {
  openCheckpoint,
  readSafetensorsHeader,
  readTensor,
  tensor,
  writeSafetensors,
} from './index.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'suture-checkpoint-')));
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(root, 'model-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const write = (path: string, ...names: string[]) =>
  writeSafetensors(path, new Map(names.map((name, i) => [name, tensor([1], Float32Array.of(i))])));
const writeIndex = (index: unknown) =>
  writeFileSync(join(dir, 'model.safetensors.index.json'), JSON.stringify(index));
const failsWith = (code: string, ...words: string[]) => {
  for (const word of words) {
    expect(() => openCheckpoint(dir)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(word) }),
    );
  }
};

describe('openCheckpoint', () => {
  it('opens one file', () => {
    write(join(dir, 'model.safetensors'), 'a', 'b');
    expect([...openCheckpoint(dir).keys()].sort()).toEqual(['a', 'b']);
  });
  it('opens shards, and only what the index names', () => {
    write(join(dir, 'one.safetensors'), 'a', 'unused');
    write(join(dir, 'two.safetensors'), 'unused', 'b');
    writeIndex({ weight_map: { b: 'two.safetensors', a: 'one.safetensors' } });
    const weights = openCheckpoint(dir);
    expect(weights.size).toBe(2);
    expect(weights.get('a')!.file).toBe(join(dir, 'one.safetensors'));
    expect(readTensor(weights.get('b')!).data[0]).toBe(1);
  });
  it('follows the links that the hub cache is made of to the real files', () => {
    const blobs = join(dir, 'blobs');
    mkdirSync(blobs);
    write(join(blobs, 'abc'), 'a');
    const snapshot = join(dir, 'snapshot');
    mkdirSync(snapshot);
    symlinkSync('../blobs/abc', join(snapshot, 'model.safetensors'));
    expect(openCheckpoint(snapshot).get('a')!.file).toBe(join(blobs, 'abc'));
  });
  it('names a missing shard, also one whose link leads nowhere', () => {
    write(join(dir, 'one.safetensors'), 'a');
    writeIndex({ weight_map: { a: 'one.safetensors', b: 'two.safetensors' } });
    failsWith('BAD_CHECKPOINT', join(dir, 'two.safetensors'), 'missing');
    symlinkSync('nowhere', join(dir, 'two.safetensors'));
    failsWith('BAD_CHECKPOINT', join(dir, 'two.safetensors'), 'missing');
  });
  it('names a tensor that its shard lacks', () => {
    write(join(dir, 'one.safetensors'), 'a');
    writeIndex({ weight_map: { a: 'one.safetensors', 'b.weight': 'one.safetensors' } });
    failsWith('BAD_CHECKPOINT', 'b.weight', 'one.safetensors');
  });
  it('refuses a shard outside the folder, and an index without a map', () => {
    write(join(root, 'outside.safetensors'), 'a');
    writeIndex({ weight_map: { a: '../outside.safetensors' } });
    failsWith('BAD_CHECKPOINT', '../outside.safetensors');
    writeIndex({ weights: {} });
    failsWith('BAD_CHECKPOINT', 'weight_map');
    writeIndex({ weight_map: { a: 3 } });
    failsWith('BAD_CHECKPOINT', 'weight_map');
  });
  it('never ends in anything but a SutureError, whatever the index holds', () => {
    write(join(dir, 'one.safetensors'), 'a');
    const shard = fc.oneof(fc.constantFrom('one.safetensors', '../x.safetensors', ''), fc.string());
    const map = fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), shard);
    fc.assert(
      fc.property(
        fc.oneof(
          map.map((weight_map) => ({ weight_map })),
          fc.jsonValue(),
        ),
        (index) => {
          writeIndex(index);
          try {
            expect([...openCheckpoint(dir).keys()].filter((name) => name !== 'a')).toEqual([]);
          } catch (thrown) {
            if (!(thrown instanceof SutureError)) throw thrown;
          }
        },
      ),
      { numRuns: 200 },
    );
  });
  it('does not open pickles, and says what to do', () => {
    writeFileSync(join(dir, 'pytorch_model.bin'), '');
    failsWith('UNSUPPORTED', 'pytorch_model.bin', 'safetensors');
  });
  it('says that there are no weights, or no folder', () => {
    failsWith('NOT_FOUND', dir);
    rmSync(dir, { recursive: true });
    failsWith('NOT_FOUND', dir);
  });
});

describe('the reference models', () => {
  const model = (name: string) =>
    fileURLToPath(new URL(`../../fixtures/${name}/model`, import.meta.url));
  it('in two shards has the tensors of both', () => {
    const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    const sharded = model('llama_sharded_biases_bf16');
    const names = shards.flatMap((shard) => [
      ...readSafetensorsHeader(join(sharded, shard)).tensors.keys(),
    ]);
    expect([...openCheckpoint(sharded).keys()].sort()).toEqual(names.sort());
  });
  it.each([
    ['llama_f32', 'f32'],
    ['qwen2_tied_bf16', 'bf16'],
    ['mistral_sliding_bf16', 'bf16'],
    ['llama32_tied_llama3rope_bf16', 'bf16'],
  ])('%s is all %s', (name, dtype) => {
    const weights = openCheckpoint(model(name));
    expect(weights.size).toBeGreaterThan(10);
    expect(new Set([...weights.values()].map((entry) => entry.dtype))).toEqual(new Set([dtype]));
  });
});
