import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { sha256 } from '../../core/index.js';
import {
  openCheckpoint,
  readSafetensorsHeader,
  readTensor,
  type TensorEntry,
  tensor,
  writeSafetensors,
} from '../../tensor/index.js';
import { changeTensors, copyOf } from '../testing/models.js';
import { inFloat32 } from './convert.js';

const root = mkdtempSync(join(tmpdir(), 'suture-convert-'));
let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(root, 'cache-'));
  vi.stubEnv('SUTURE_CACHE', cache);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

const entriesOf = (dir: string) => [...openCheckpoint(dir).values()];
const filesOf = (entries: TensorEntry[]) => [...new Set(entries.map(({ file }) => file))];
const converted = async (dir: string) => filesOf(await inFloat32(entriesOf(dir)));

describe('weights as float32', () => {
  it.each(['qwen2_tied_bf16', 'llama_sharded_biases_bf16'])('%s: the same values', async (name) => {
    const stored = entriesOf(copyOf(`${name}/model`));
    const weights = await inFloat32(stored);
    expect(weights.map((weight) => weight.name)).toEqual(stored.map((weight) => weight.name));
    for (const [i, weight] of weights.entries()) {
      expect(weight.dtype).toBe('f32');
      expect(readTensor(weight)).toEqual(readTensor(stored[i]!));
    }
    expect(filesOf(weights)).toEqual([join(cache, 'f32', readdirSync(join(cache, 'f32'))[0]!)]);
  });

  it('are read where they are when they are float32 already', async () => {
    const stored = entriesOf(copyOf('llama_f32/model'));
    expect(await inFloat32(stored)).toEqual(stored);
    expect(readdirSync(cache)).toEqual([]);
  });

  it('of several types: only the others are converted', async () => {
    const dir = mkdtempSync(join(root, 'mixed-'));
    const write = (file: string, dtype: 'f32' | 'f16', value: number) => {
      const one = new Map([[file, tensor([1], Float32Array.of(value))]]);
      writeSafetensors(join(dir, `${file}.safetensors`), one, { dtype });
    };
    write('wide', 'f32', 1);
    write('half', 'f16', 0.5);
    const map = { wide: 'wide.safetensors', half: 'half.safetensors' };
    writeFileSync(join(dir, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
    const [wide, half] = await inFloat32(entriesOf(dir));
    expect(wide!.file).toBe(join(dir, 'wide.safetensors'));
    expect(half!.file.startsWith(cache)).toBe(true);
    expect([...readTensor(half!).data]).toEqual([0.5]);
  });

  it('larger than a piece: the same values, and progress up to the end', async () => {
    const path = join(mkdtempSync(join(root, 'large-')), 'model.safetensors');
    const values = Float32Array.from({ length: 3_000_001 }, (_, i) => (i % 1000) - 500);
    writeSafetensors(path, new Map([['a', tensor([3_000_001], values)]]), { dtype: 'f16' });
    const stored = [...readSafetensorsHeader(path).tensors.values()];
    const told: [string, number, number][] = [];
    const [weight] = await inFloat32(stored, { onProgress: (...args) => told.push(args) });
    const { data } = readTensor(weight!);
    expect(Buffer.from(data.buffer).equals(Buffer.from(values.buffer))).toBe(true);
    expect(told.filter(([stage]) => stage === 'read weights (MB)').at(-1)).toEqual([
      'read weights (MB)',
      6,
      6,
    ]);
    expect(told.at(-1)).toEqual(['convert to float32 (MB)', 12, 12]);
  });

  it('are not converted after Ctrl-C', async () => {
    const signal = AbortSignal.abort();
    const stored = entriesOf(copyOf('qwen2_tied_bf16/model'));
    await expect(inFloat32(stored, { signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
    const left = readdirSync(cache, { recursive: true, encoding: 'utf8' });
    expect(left.filter((name) => /safetensors/.test(name))).toEqual([]);
  });
});

describe('the file they are kept in', () => {
  it('is that of their content, wherever it lies and whenever it was written', async () => {
    const dir = copyOf('qwen2_tied_bf16/model');
    const path = await converted(dir);
    expect(await converted(copyOf('qwen2_tied_bf16/model'))).toEqual(path);
    utimesSync(join(dir, 'model.safetensors'), 1000, 1000);
    expect(await converted(dir)).toEqual(path);
    const moved = join(root, 'moved');
    renameSync(dir, moved);
    expect(await converted(moved)).toEqual(path);
    expect(readdirSync(join(cache, 'f32'))).toHaveLength(1);
  });

  it('is another for other content of the same size, at the same time', async () => {
    const dir = copyOf('qwen2_tied_bf16/model');
    const weights = join(dir, 'model.safetensors');
    utimesSync(weights, 1000, 1000);
    const [path] = await converted(dir);
    changeTensors(weights, 'bf16', (tensors) => {
      const [first] = tensors.values();
      first!.data[0] = 2 * first!.data[0]! + 1;
    });
    utimesSync(weights, 1000, 1000);
    const [other] = await converted(dir);
    expect(other).not.toBe(path);
  });

  it('follows from the name of a file in the hub cache, without reading it', async () => {
    const blobs = join(root, 'models--org--name', 'blobs');
    const snapshot = join(root, 'models--org--name', 'snapshots', 'c');
    mkdirSync(blobs, { recursive: true });
    mkdirSync(snapshot, { recursive: true });
    cpSync(join(copyOf('qwen2_tied_bf16/model'), 'model.safetensors'), join(blobs, sha256('x')));
    symlinkSync(join('../../blobs', sha256('x')), join(snapshot, 'model.safetensors'));
    const told = vi.fn();
    const [weight] = await inFloat32(entriesOf(snapshot), { onProgress: told });
    expect(told.mock.calls.map(([stage]) => stage)).not.toContain('read weights (MB)');
    expect(readSafetensorsHeader(weight!.file).metadata).toEqual({
      model: 'org/name',
      sources: JSON.stringify([join(blobs, sha256('x'))]),
    });
  });
});
