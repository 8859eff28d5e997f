import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../core/index.js';
import { identifyModel, type ModelIdentity } from '../engine/index.js';
import { norm, readSafetensors, readSafetensorsHeader, writeSafetensors } from '../tensor/index.js';
import {
  applyVector,
  boundTo,
  readVector,
  type VectorFile,
  vectorTexts,
  writeVector,
} from './index.js';
import { directionTensors } from './vector-file.js';

const dir = mkdtempSync(join(tmpdir(), 'suture-vector-'));
afterAll(() => rmSync(dir, { recursive: true }));
const path = join(dir, 'v.safetensors');

const direction = Float32Array.of(0.5, -2, 1e-3, 3);
const file: VectorFile = {
  directions: new Map([[2, direction]]),
  metadata: {
    cwe: 'CWE-787',
    method: 'mean-difference',
    site: 'decision',
    strength: 0.75,
    positions: 'last_prompt_and_generated',
    model: 'organism',
    family: 'llama',
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

/** Writes texts and numbers as they are, whatever the checksum says. */
function forge(texts: Record<string, string>, directions: ReadonlyMap<number, Float32Array>): void {
  writeSafetensors(path, directionTensors(directions, 'directions'), { metadata: texts });
}

describe('a vector file', () => {
  it('is read as it was written, to the bit, whatever its layers', () => {
    writeVector(path, file);
    expect(readVector(path)).toEqual(file);
    const finite = { noNaN: true, min: -1e6, max: 1e6 } as const;
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 20 })
          .chain((width) =>
            fc.uniqueArray(
              fc.tuple(
                fc.nat(80),
                fc.float32Array({ minLength: width, maxLength: width, ...finite }),
              ),
              { minLength: 1, maxLength: 5, selector: ([layer]) => layer },
            ),
          ),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.option(fc.string(), { nil: undefined }),
        (layers, strength, evaluation) => {
          const directions = new Map(layers);
          const some = { ...changed({ strength: strength + 0, evaluation }), directions };
          writeVector(path, some);
          const read = readVector(path);
          expect(read.metadata).toEqual(some.metadata);
          expect(new Map(read.directions)).toEqual(directions);
        },
      ),
      { seed: 1, numRuns: 40 },
    );
  });

  it('is plain safetensors, which other programs can read', () => {
    writeVector(path, file);
    expect([...readSafetensors(path)]).toEqual([['directions.2', { dims: [4], data: direction }]]);
    expect(readSafetensorsHeader(path).metadata).toMatchObject({
      format: 'suture.steering-vector',
      hook: 'hook_resid_post',
      layers: '2',
      norms: String(norm(direction)),
      strength: '0.75',
    });
  });

  it('is refused where its numbers were changed', () => {
    const texts = vectorTexts(file);
    for (const other of [
      direction.map((x) => 1.01 * x),
      direction.map((x) => -x),
      direction.with(0, Number.NaN),
    ]) {
      forge(texts, new Map([[2, other]]));
      expect(() => readVector(path)).toThrow(bad(/was changed/));
    }
  });

  it('is refused where its layers were changed', () => {
    const texts = vectorTexts(file);
    for (const layers of [
      [[3, direction]],
      [
        [2, direction],
        [3, direction],
      ],
      [],
    ] as [number, Float32Array][][]) {
      forge(texts, new Map(layers));
      expect(() => readVector(path)).toThrow(bad(/was changed/));
    }
  });

  it('is refused where any of what it says was changed, taken away or added', () => {
    const texts = vectorTexts(file);
    for (const name of Object.keys(texts).filter((key) => !['format', 'version'].includes(key))) {
      forge({ ...texts, [name]: `${texts[name]} ` }, file.directions);
      expect(() => readVector(path)).toThrow(bad(/was changed/));
      const { [name]: _, ...fewer } = texts;
      forge(fewer, file.directions);
      expect(() => readVector(path)).toThrow(bad(/was changed/));
    }
    forge({ ...texts, note: 'hello' }, file.directions);
    expect(() => readVector(path)).toThrow(bad(/was changed/));
  });

  it.each<[string, object]>([
    ['cwe', { cwe: 'CWE-1' }],
    ['method', { method: '' }],
    ['site', { site: 'everywhere' }],
    ['strength', { strength: Number.NaN }],
    ['strength', { strength: Number.POSITIVE_INFINITY }],
    ['positions', { positions: 'now and then' }],
  ])('is refused where its %s is %j', (name, metadata) => {
    writeVector(path, changed(metadata));
    expect(() => readVector(path)).toThrow(bad(name));
    expect(() => readVector(path)).toThrow(bad('is not a steering vector'));
  });

  it('is refused where a direction is no vector', () => {
    const tensor = { dims: [2, 2], data: direction };
    writeSafetensors(path, new Map([['directions.2', tensor]]), { metadata: vectorTexts(file) });
    expect(() => readVector(path)).toThrow(bad(/directions\.2 has shape \[2, 2\]/));
  });

  it('is refused where it is something else', () => {
    expect(() => readVector(join(dir, 'nowhere'))).toThrow(bad('nowhere', 'NOT_FOUND'));
    writeSafetensors(path, new Map([['w', { dims: [4], data: direction }]]));
    expect(() => readVector(path)).toThrow(bad('is not a steering vector of Suture'));
    forge({ ...vectorTexts(file), version: '1' }, file.directions);
    expect(() => readVector(path)).toThrow(bad(/another version of Suture \(format 1, here 2\)/));
    writeFileSync(path, 'these are only words');
    expect(() => readVector(path)).toThrow(bad('v.safetensors', 'BAD_CHECKPOINT'));
    writeVector(path, file);
    truncateSync(path, readFileSync(path).length - 1);
    expect(() => readVector(path)).toThrow(bad('truncated', 'BAD_CHECKPOINT'));
  });
});

describe('applyVector', () => {
  const tokenizer = { hash: 'tokenizer', chatTemplateHash: 'template' };
  const made = { id: 'm', dModel: 4, nLayers: 3, hash: 'weights', tokenizer, config: {} };
  const model = (changes: object = {}) => ({ ...made, ...changes }) as unknown as ModelIdentity;
  const edit = {
    hook: 'blocks.2.hook_resid_post',
    op: 'add',
    vector: direction,
    scale: 0.75,
    positions: 'last_prompt_and_generated',
  };

  it('gives the edit that was evaluated', () => {
    expect(applyVector(file, model())).toEqual([edit]);
  });

  it('gives one for each layer, from the first on', () => {
    const directions = new Map([
      [2, direction],
      [0, direction.map((x) => 2 * x)],
    ]);
    expect(applyVector({ ...file, directions }, model())).toEqual([
      { ...edit, hook: 'blocks.0.hook_resid_post', vector: directions.get(0) },
      edit,
    ]);
  });

  it('takes another strength, 0 included', () => {
    for (const strength of [2, 0]) {
      expect(applyVector(file, model(), { strength })).toEqual([{ ...edit, scale: strength }]);
    }
  });

  it('takes one below 0 only where that is allowed, wherever it comes from', () => {
    const backwards = bad(/Strength -1 .*--allow-negative/, 'BAD_ARGUMENT');
    const turned = [{ ...edit, scale: -1 }];
    const own = changed({ strength: -1 });
    for (const [vector, options] of [
      [file, { strength: -1 }],
      [own, {}],
    ] as const) {
      expect(() => applyVector(vector, model(), { ...options, force: true })).toThrow(backwards);
      const allowed = { ...options, allowNegative: true };
      expect(applyVector(vector, model(), allowed)).toEqual(turned);
    }
  });

  it.each<[string, object]>([
    ['weights', { hash: 'others' }],
    ['tokenizer', { tokenizer: { ...tokenizer, hash: 'others' } }],
    ['chat template', { tokenizer: { ...tokenizer, chatTemplateHash: 'others' } }],
    ['chat template', { tokenizer: { hash: 'tokenizer' } }],
    ['tokenizer, chat template', { tokenizer: undefined }],
  ])('refuses another %s, unless forced', (what, changes) => {
    const other = model(changes);
    expect(() => applyVector(file, other)).toThrow(bad(`\\(organism\\): the ${what} differ`));
    expect(applyVector(file, other, { force: true })).toEqual([edit]);
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

  it('fits the model that it was bound to, on disk', () => {
    const organism = identifyModel('organism');
    const directions = new Map([[5, new Float32Array(organism.dModel).fill(1)]]);
    const bound = { directions, metadata: { ...file.metadata, ...boundTo(organism) } };
    expect(applyVector(bound, organism)).toHaveLength(1);
    expect(bound.metadata).toMatchObject({ model: 'organism', family: 'llama' });
    expect(bound.metadata.template_hash).toMatch(/^[0-9a-f]{64}$/);
  });
});
