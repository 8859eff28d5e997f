import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../core/index.js';
import type { Model } from '../engine/index.js';
import { norm, readSafetensors, readSafetensorsHeader, writeSafetensors } from '../tensor/index.js';
import { applyVector, directionHash, readVector, type VectorFile, writeVector } from './index.js';

const dir = mkdtempSync(join(tmpdir(), 'suture-vector-'));
afterAll(() => rmSync(dir, { recursive: true }));
const path = join(dir, 'v.safetensors');

const direction = Float32Array.of(0.5, -2, 1e-3, 3);
const file: VectorFile = {
  direction,
  metadata: {
    format: 'suture.steering-vector',
    version: '1',
    cwe: 'CWE-787',
    method: 'mean-difference',
    site: 'decision',
    hook: 'blocks.2.hook_resid_post',
    layer: 2,
    strength: 0.75,
    norm: norm(direction),
    direction_hash: directionHash(direction),
    positions: 'last_prompt_and_generated',
    model: 'organism',
    model_hash: 'weights',
    tokenizer_hash: 'tokenizer',
    template_hash: 'template',
    data_hash: 'data',
    evaluation: '{"held_out": {"secure": "ü"}}',
  },
};
const changed = (metadata: object): VectorFile => ({
  ...file,
  metadata: { ...file.metadata, ...metadata },
});
const bad = (words: string | RegExp, code: ErrorCode = 'BAD_VECTOR') =>
  expect.objectContaining({ code, message: expect.stringMatching(words) });

describe('a vector file', () => {
  it('is read as it was written, to the bit', () => {
    writeVector(path, file);
    expect(readVector(path)).toEqual(file);
    fc.assert(
      fc.property(
        fc.float32Array({ minLength: 1, noNaN: true, min: -1e6, max: 1e6 }),
        fc.nat(80),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (values, layer, strength) => {
          const some = changed({
            layer,
            strength: strength + 0,
            norm: norm(values),
            direction_hash: directionHash(values),
          });
          writeVector(path, { ...some, direction: values });
          const read = readVector(path);
          expect(read.metadata).toEqual(some.metadata);
          expect([...read.direction]).toEqual([...values]);
        },
      ),
      { seed: 1, numRuns: 30 },
    );
  });

  it('is plain safetensors, which other programs can read', () => {
    writeVector(path, file);
    expect([...readSafetensors(path)]).toEqual([['directions.2', { dims: [4], data: direction }]]);
    expect(readSafetensorsHeader(path).metadata).toMatchObject({ layer: '2', strength: '0.75' });
  });

  it('is refused where its direction was changed', () => {
    const { metadata } = writeAndRead();
    for (const other of [
      direction.map((x) => 1.01 * x),
      direction.map((x) => -x),
      direction.with(0, Number.NaN),
    ]) {
      writeSafetensors(path, new Map([['directions.2', { dims: [4], data: other }]]), { metadata });
      expect(() => readVector(path)).toThrow(bad(/was changed/));
    }
  });

  it('is refused where it holds the direction of another layer', () => {
    const { metadata } = writeAndRead();
    writeSafetensors(path, new Map([['directions.3', { dims: [4], data: direction }]]), {
      metadata,
    });
    expect(() => readVector(path)).toThrow(bad('holds no tensor directions.2'));
  });

  it.each<[string, object]>([
    ['format', { format: 'other' }],
    ['version', { version: '2' }],
    ['cwe', { cwe: 'CWE-1' }],
    ['method', { method: 'probe' }],
    ['site', { site: 'everywhere' }],
    ['layer', { layer: 1.5 }],
    ['layer', { layer: -1 }],
    ['strength', { strength: Number.NaN }],
    ['strength', { strength: Number.POSITIVE_INFINITY }],
    ['positions', { positions: 'all' }],
  ])('is refused where its %s is %j', (name, metadata) => {
    writeVector(path, changed(metadata));
    expect(() => readVector(path)).toThrow(bad(name));
    expect(() => readVector(path)).toThrow(bad('is not a steering vector'));
  });

  it('is refused where it is something else', () => {
    expect(() => readVector(join(dir, 'nowhere'))).toThrow(bad('nowhere', 'NOT_FOUND'));
    writeSafetensors(path, new Map([['w', { dims: [4], data: direction }]]));
    expect(() => readVector(path)).toThrow(bad('is not a steering vector'));
    writeFileSync(path, 'these are only words');
    expect(() => readVector(path)).toThrow(bad('v.safetensors', 'BAD_CHECKPOINT'));
    writeVector(path, file);
    truncateSync(path, readFileSync(path).length - 1);
    expect(() => readVector(path)).toThrow(bad('truncated', 'BAD_CHECKPOINT'));
  });

  function writeAndRead() {
    writeVector(path, file);
    return readSafetensorsHeader(path);
  }
});

describe('applyVector', () => {
  const tokenizer = { hash: 'tokenizer', chatTemplateHash: 'template' };
  const made = { dModel: 4, nLayers: 3, hash: 'weights', tokenizer };
  const model = (changes: object = {}) => ({ ...made, ...changes }) as unknown as Model;
  const edit = {
    hook: 'blocks.2.hook_resid_post',
    op: 'add',
    vector: direction,
    scale: 0.75,
    positions: 'last_prompt_and_generated',
  };

  it('gives the edit that was evaluated', () => {
    expect(applyVector(file, model())).toEqual(edit);
  });

  it('takes another strength, 0 and negative ones included', () => {
    for (const strength of [2, 0, -1]) {
      expect(applyVector(file, model(), { strength })).toEqual({ ...edit, scale: strength });
    }
  });

  it.each<[string, object]>([
    ['weights', { hash: 'others' }],
    ['tokenizer', { tokenizer: { ...tokenizer, hash: 'others' } }],
    ['chat template', { tokenizer: { ...tokenizer, chatTemplateHash: 'others' } }],
    ['chat template', { tokenizer: { hash: 'tokenizer' } }],
    ['tokenizer', { tokenizer: undefined }],
  ])('refuses another %s, unless forced', (what, changes) => {
    const other = model(changes);
    expect(() => applyVector(file, other)).toThrow(bad(`\\(organism\\): the ${what} differ`));
    expect(applyVector(file, other, { force: true })).toEqual(edit);
  });

  it.each<[string, object]>([
    ['width', { dModel: 5 }],
    ['depth', { nLayers: 2 }],
  ])('refuses another %s, forced or not', (_, changes) => {
    for (const force of [false, true]) {
      expect(() => applyVector(file, model(changes), { force })).toThrow(
        bad(/4 values for layer 2; this model has d_model \d and \d layers/),
      );
    }
  });
});
