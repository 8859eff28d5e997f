import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GGMLQuantizationType, gguf } from '@huggingface/gguf';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../core/index.js';
import { boundTo, identifyModel, type ModelIdentity } from '../../engine/index.js';
import { readSafetensorsHeader, writeSafetensors } from '../../tensor/index.js';
import {
  EXCHANGE_FORMATS,
  exportVector,
  importVector,
  type VectorFile,
  vectorTexts,
  writeVector,
} from '../index.js';
import { directionTensors } from '../vector-file.js';

const dir = mkdtempSync(join(tmpdir(), 'suture-exchange-'));
afterAll(() => rmSync(dir, { recursive: true }));
const path = join(dir, 'v');

let organism: ModelIdentity; // six layers, d_model 192
let file: VectorFile;
beforeAll(() => {
  organism = identifyModel('organism');
  const wave = (phase: number) => Float32Array.from({ length: 192 }, (_, i) => Math.sin(i * phase));
  file = {
    directions: new Map([
      [2, wave(0.3).with(0, -0)],
      [5, wave(0.7)],
    ]),
    metadata: {
      cwe: 'CWE-787',
      method: 'mean-difference',
      site: 'decision',
      strength: 0.75,
      positions: 'last_prompt_and_generated',
      ...boundTo(organism),
      data_hash: 'data',
      evaluation: '{"held_out": {"secure": "ü"}}',
    },
  };
});

const bad = (words: string | RegExp, code: ErrorCode = 'BAD_VECTOR') =>
  expect.objectContaining({ code, message: expect.stringMatching(words) });
const bits = (directions: ReadonlyMap<number, Float32Array>) =>
  [...directions].map(([layer, { buffer, byteOffset, byteLength }]) => [
    layer,
    Buffer.from(buffer, byteOffset, byteLength).toString('hex'),
  ]);

describe.each(EXCHANGE_FORMATS)('%s', (format) => {
  it('gives back what was exported, to the bit, and what it is bound to', () => {
    exportVector(path, file, format);
    const back = importVector(path);
    expect(back.metadata).toEqual(file.metadata);
    expect(bits(back.directions)).toEqual(bits(file.directions));
    expect(vectorTexts(back)).toEqual(vectorTexts(file));
  });

  it('gives back any finite numbers', () => {
    fc.assert(
      fc.property(
        fc.float32Array({ minLength: 1, maxLength: 40, noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: 1, max: 200 }),
        (values, layer) => {
          const directions = new Map([[layer, values]]);
          exportVector(path, { ...file, directions }, format);
          expect(bits(importVector(path).directions)).toEqual(bits(directions));
        },
      ),
      { seed: 1, numRuns: 50 },
    );
  });

  it('takes a part of the layers, for which the evaluation does not hold', () => {
    exportVector(path, file, format, [5]);
    const { directions, metadata } = importVector(path);
    expect([...directions.keys()]).toEqual([5]);
    expect(metadata.evaluation).toBeUndefined();
    expect(() => exportVector(path, file, format, [4])).toThrow(
      bad('no layer 4; it has 2, 5', 'BAD_ARGUMENT'),
    );
  });

  it('notices that a number was changed', () => {
    exportVector(path, file, format);
    const bytes = readFileSync(path);
    if (format === 'json') {
      writeFileSync(path, bytes.toString().replace('0.29552021622657776', '0.3'));
    } else {
      const at = bytes.length - 40;
      bytes.writeFloatLE(bytes.readFloatLE(at) + 1, at);
      writeFileSync(path, bytes);
    }
    expect(() => importVector(path)).toThrow(bad('was changed after it was written'));
  });

  it('notices that a word of the binding was changed', () => {
    exportVector(path, file, format);
    const bytes = readFileSync(path);
    bytes.write('9.75', bytes.indexOf('0.75'));
    writeFileSync(path, bytes);
    expect(() => importVector(path)).toThrow(bad('was changed after it was written'));
  });

  it('refuses a file that is cut off, wherever', () => {
    exportVector(path, file, format, [5]);
    const bytes = readFileSync(path);
    fc.assert(
      fc.property(fc.nat(bytes.length - 2), (length) => {
        writeFileSync(path, bytes.subarray(0, length));
        expect(() => importVector(path, { model: organism })).toThrow(
          expect.objectContaining({ name: 'SutureError' }),
        );
      }),
      { seed: 2, numRuns: 100 },
    );
  });

  it('of a file with one wrong byte makes nothing else than what was exported', () => {
    exportVector(path, file, format);
    const whole = readFileSync(path);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = Buffer.from(whole);
        bytes[at]! ^= flip;
        writeFileSync(path, bytes);
        let read: VectorFile;
        try {
          read = importVector(path);
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: 'SutureError' });
          return;
        }
        expect(vectorTexts(read)).toEqual(vectorTexts(file)); // the byte said nothing of the vector
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it('takes no other strength or place for a vector that says them', () => {
    exportVector(path, file, format);
    expect(() => importVector(path, { strength: 2 })).toThrow(
      bad('no other strength', 'BAD_ARGUMENT'),
    );
    expect(() => importVector(path, { layerShift: -1 })).toThrow(
      bad('no other layer shift', 'BAD_ARGUMENT'),
    );
  });

  it('checks the model that is named', () => {
    exportVector(path, file, format);
    expect(importVector(path, { model: organism })).toEqual(importVector(path));
    const other = { ...organism, hash: 'others' };
    expect(() => importVector(path, { model: other })).toThrow(bad('the weights differ'));
    expect(importVector(path, { model: other, force: true })).toEqual(importVector(path));
    expect(() => importVector(path, { model: { ...other, nLayers: 5 }, force: true })).toThrow(
      bad('5 layers'),
    );
  });
});

describe('gguf', () => {
  it('is read by @huggingface/gguf, with the keys that llama.cpp and repeng write', async () => {
    exportVector(path, file, 'gguf');
    const read = await gguf(path, { allowLocalFile: true });
    expect(read.metadata).toMatchObject({
      version: 3,
      tensor_count: 2n,
      'general.architecture': 'controlvector',
      'controlvector.model_hint': 'llama',
      'controlvector.layer_count': 2,
      'suture.strength': '0.75',
      'suture.checksum': vectorTexts(file).checksum,
    });
    const infos = read.tensorInfos.map(({ name, shape, dtype }) => ({ name, shape, dtype }));
    const dtype = GGMLQuantizationType.F32;
    expect(infos).toEqual([
      { name: 'direction.2', shape: [192n], dtype },
      { name: 'direction.5', shape: [192n], dtype },
    ]);
    const bytes = readFileSync(path);
    for (const [i, layer] of [2, 5].entries()) {
      const start = Number(read.tensorDataOffset) + Number(read.tensorInfos[i]!.offset);
      expect(start % 32).toBe(0);
      const values = Array.from({ length: 192 }, (_, n) => bytes.readFloatLE(start + 4 * n));
      expect(values).toEqual([...file.directions.get(layer)!]);
    }
  });

  it('refuses block 0, which llama.cpp cannot steer', () => {
    const directions = new Map([...file.directions, [0, file.directions.get(2)!]]);
    const whole = { ...file, directions };
    expect(() => exportVector(path, whole, 'gguf')).toThrow(bad(/block 0.*--layers/));
    exportVector(path, whole, 'gguf', [2, 5]);
    exportVector(path, whole, 'json');
    expect(importVector(path).directions.size).toBe(3);
  });

  /** A file as repeng (unsigned count) or llama-cvector-generator (signed) write it. */
  function foreign(count: 'u32' | 'i32', hint: string, names: string[], type = 0, width = 192) {
    const number = (value: number, bytes: 4 | 8) => {
      const data = Buffer.alloc(bytes);
      data.writeUIntLE(value, 0, bytes === 8 ? 6 : 4);
      return data;
    };
    const text = (value: string) => Buffer.concat([number(value.length, 8), Buffer.from(value)]);
    const parts = [
      ...['GGUF'].map((magic) => Buffer.from(magic)),
      ...[number(3, 4), number(names.length, 8), number(4, 8)],
      ...[text('general.architecture'), number(8, 4), text('controlvector')],
      ...[text('controlvector.model_hint'), number(8, 4), text(hint)],
      ...[text('controlvector.layer_count'), number(count === 'u32' ? 4 : 5, 4), number(9, 4)],
      ...[text('tags'), number(9, 4), number(8, 4), number(2, 8), text('a'), text('b')],
      ...names.flatMap((name, i) => [
        ...[text(name), number(1, 4), number(width, 8), number(type, 4)],
        number(i * 4 * width, 8),
      ]),
    ];
    const head = Buffer.concat(parts);
    const padding = Buffer.alloc((32 - (head.length % 32)) % 32);
    const data = names.map((_, i) => Float32Array.from({ length: width }, (_, n) => i + n / 8));
    writeFileSync(path, Buffer.concat([head, padding, ...data.map((x) => Buffer.from(x.buffer))]));
    return data;
  }

  it("binds a vector of repeng's to the model that is named", () => {
    const data = foreign('u32', 'llama', ['direction.1', 'direction.4']);
    expect(() => importVector(path)).toThrow(bad('--model', 'BAD_ARGUMENT'));
    const read = importVector(path, { model: organism, cwe: 'CWE-089', strength: 1.5 });
    expect(read.metadata).toEqual({
      cwe: 'CWE-089',
      method: 'imported',
      strength: 1.5,
      positions: 'all',
      ...boundTo(organism),
    });
    expect([...read.directions]).toEqual([
      [1, data[0]],
      [4, data[1]],
    ]);
    const last = importVector(path, { model: organism, layers: [4], positions: 'last_prompt' });
    expect([...last.directions.keys()]).toEqual([4]);
    expect(last.metadata).toMatchObject({ strength: 1, positions: 'last_prompt' });
  });

  it("asks what the numbers of llama-cvector-generator's layers mean", () => {
    foreign('i32', 'llama', ['direction.1', 'direction.5']);
    const model = organism;
    expect(() => importVector(path, { model })).toThrow(
      bad(/llama-cvector-generator.*--layer-shift -1.*--layer-shift 0/, 'BAD_ARGUMENT'),
    );
    const layers = (layerShift: number) => [
      ...importVector(path, { model, layerShift }).directions.keys(),
    ];
    expect(layers(-1)).toEqual([0, 4]);
    expect(layers(0)).toEqual([1, 5]);
    expect(() => layers(-2)).toThrow(bad('below block 0', 'BAD_ARGUMENT'));
    expect(() => layers(1)).toThrow(bad('layer 6; this model has d_model 192 and 6 layers'));
  });

  it("knows the family by llama.cpp's names, and refuses another unless forced", () => {
    const is = (family: string) => ({ ...organism, config: { ...organism.config, family } });
    const fits = (hint: string, family: string) => {
      foreign('u32', hint, ['direction.1']);
      return importVector(path, { model: is(family) }).directions.size === 1;
    };
    for (const [hint, family] of [
      ['qwen2', 'qwen2'],
      ['llama', 'mistral'],
      ['gptneox', 'gpt_neox'],
      ['gpt_neox', 'gpt_neox'],
      ['', 'llama'],
    ] as const) {
      expect(fits(hint, family)).toBe(true);
    }
    expect(() => fits('qwen2', 'llama')).toThrow(
      bad('family qwen2; organism is of the family llama'),
    );
    expect(importVector(path, { model: organism, force: true }).directions.size).toBe(1);
  });

  it.each<[string, Parameters<typeof foreign>, RegExp]>([
    ['half precision', ['u32', '', ['direction.1'], 1], /direction\.1 is not in float32/],
    ['no layer', ['u32', '', ['direction.one']], /direction\.one names no layer/],
    ['a layer twice', ['u32', '', ['direction.1', 'direction.1']], /direction\.1 twice/],
    ['another width', ['u32', '', ['direction.1'], 0, 64], /64 values for layer 1/],
    ['nothing', ['u32', '', ['weight']], /holds no direction/],
  ])('refuses %s', (_, file, words) => {
    foreign(...file);
    expect(() => importVector(path, { model: organism })).toThrow(bad(words));
  });

  it('refuses other models, versions and damage in the metadata', () => {
    foreign('u32', '', ['direction.1']);
    const whole = readFileSync(path);
    const damaged = (change: (bytes: Buffer) => void, words: RegExp) => {
      const bytes = Buffer.from(whole);
      change(bytes);
      writeFileSync(path, bytes);
      expect(() => importVector(path, { model: organism })).toThrow(bad(words));
    };
    damaged(
      (bytes) => bytes.write('qwen2_weights', bytes.indexOf('controlvector')),
      /holds "qwen2_w/,
    );
    damaged((bytes) => bytes.writeUInt32LE(1, 4), /version 1 is not supported/);
    damaged((bytes) => bytes.writeUInt32LE(77, 24 + 8 + 20), /a value of type 77/);
    damaged((bytes) => bytes.writeFloatLE(Number.NaN, bytes.length - 4), /not finite/);
  });
});

describe('repeng', () => {
  it("has the fields of repeng's ControlVector", () => {
    exportVector(path, file, 'repeng');
    const { metadata, tensors } = readSafetensorsHeader(path);
    expect(metadata.model_type).toBe('llama');
    expect([...tensors.keys()]).toEqual(['direction.2', 'direction.5']);
  });

  it('is read without a word of Suture', () => {
    const tensors = directionTensors(file.directions, 'direction');
    writeSafetensors(
      path,
      new Map([...tensors, ['other', { dims: [], data: Float32Array.of(1) }]]),
    );
    const read = importVector(path, { model: organism });
    expect(bits(read.directions)).toEqual(bits(file.directions));
  });

  it('is not what Suture itself reads', () => {
    writeVector(path, file);
    expect(() => importVector(path)).toThrow(bad('nothing to import'));
  });
});

describe('json', () => {
  it('is read as others write it', () => {
    const directions = { '3': Array.from({ length: 192 }, (_, i) => i / 4) };
    writeFileSync(path, `\ufeff${JSON.stringify({ model_type: 'llama', directions, more: 1 })}`);
    const read = importVector(path, { model: organism });
    expect([...read.directions]).toEqual([[3, Float32Array.from(directions['3'])]]);
  });

  it.each<[string, object, RegExp]>([
    [
      'a layer that is none',
      { directions: { last: [1] } },
      /Invalid key in record\s+→ at directions.last/,
    ],
    ['no directions', { directions: {} }, /holds no direction/],
    ['numbers beyond float32', { directions: { 1: [1e39] } }, /not finite/],
    ['unequal widths', { directions: { 1: [1], 2: [1, 2] } }, /layer 2 has 2 values, another 1/],
    ['something else', { hello: 1 }, /not a control vector/],
  ])('refuses %s', (_, json, words) => {
    writeFileSync(path, JSON.stringify(json));
    expect(() => importVector(path, { model: organism })).toThrow(bad(words));
  });
});

it('a file that is not there is said to be missing', () => {
  expect(() => importVector(join(dir, 'nowhere'))).toThrow(bad('nowhere', 'NOT_FOUND'));
});
