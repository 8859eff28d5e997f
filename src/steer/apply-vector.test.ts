import { describe, expect, it } from 'vitest';
import { boundTo, identifyModel, type ModelIdentity } from '../engine/index.js';
import { norm } from '../tensor/index.js';
import { applyVector, applyVectors } from './index.js';
import { bad, changed, direction, file } from './testing/vectors.js';

const tokenizer = { hash: 'tokenizer', chatTemplateHash: 'template' };
const made = { id: 'm', dModel: 4, nLayers: 3, hash: 'weights', tokenizer, config: {} };
const model = (changes: object = {}) => ({ ...made, ...changes }) as unknown as ModelIdentity;

describe('applyVector', () => {
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

  it('takes a share of the stream in place of a multiple', () => {
    const knows = changed({ stream_norms: { 2: 100 } });
    const [applied] = applyVector(knows, model(), { share: 0.3 });
    expect(applied).toEqual({ ...edit, scale: (0.3 * 100) / norm(direction) });
    expect(() => applyVector(knows, model(), { share: -0.3 })).toThrow(/Strength -0.3 .*backwards/);
    expect(() => applyVector(file, model(), { share: 0.3 })).toThrow(bad(/how long the stream is/));
    expect(() => applyVector(knows, model(), { share: 0.3, strength: 1 })).toThrow(/give one/);
  });

  it('stops where the file says, and fades or keeps the norm where that is asked for', () => {
    const stops = changed({ until: ['snprintf', 'strlcpy'] });
    expect(applyVector(stops, model(), { keepNorm: true, halfLife: 8 })).toEqual([
      { ...edit, until: ['snprintf', 'strlcpy'], keepNorm: true, halfLife: 8 },
    ]);
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

describe('several vectors', () => {
  const at = (...layers: [number, number[]][]) => ({
    ...file,
    directions: new Map(layers.map(([layer, data]) => [layer, Float32Array.from(data)])),
  });
  const first = at([1, [2, 0, 0, 0]], [2, [0, 0, 3, 0]]);
  const second = at([1, [1, 1, 0, 0]]);
  const applied = (rule?: 'sum' | 'priority' | 'orthogonalised', files = [first, second]) =>
    applyVectors(files, model(), { rule }).map((edit) => [
      Number(/\d+/.exec(String(edit.hook))),
      [...(edit.op === 'add' ? edit.vector : [])],
    ]);

  it('are added each as if alone, unless told otherwise', () => {
    const all = [
      [1, [2, 0, 0, 0]],
      [2, [0, 0, 3, 0]],
      [1, [1, 1, 0, 0]],
    ];
    expect(applied()).toEqual(all);
    expect(applied('sum')).toEqual(all);
  });

  it('act alone at their layer, the first that is given', () => {
    expect(applied('priority')).toEqual([
      [1, [2, 0, 0, 0]],
      [2, [0, 0, 3, 0]],
    ]);
    expect(applied('priority', [second, first])).toEqual([
      [1, [1, 1, 0, 0]],
      [2, [0, 0, 3, 0]],
    ]);
  });

  it('lose what those before them have, where that is asked for; nothing is left of a repetition', () => {
    expect(applied('orthogonalised')).toEqual([
      [1, [2, 0, 0, 0]],
      [2, [0, 0, 3, 0]],
      [1, [0, 1, 0, 0]],
    ]);
    expect(applied('orthogonalised', [first, first])).toEqual(applied('sum', [first]));
    const third = at([1, [5, 5, 0, 4]]);
    expect(applied('orthogonalised', [first, second, third]).at(-1)).toEqual([1, [0, 0, 0, 4]]);
  });
});
