import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SutureError } from '../core/index.js';
import { norm, tensor, writeSafetensors } from '../tensor/index.js';
import { directionOf, meanDifference, readDictionary, strongestFeature } from './index.js';
import { contrast } from './testing/pairs.js';

const dir = mkdtempSync(join(tmpdir(), 'suture-dictionary-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Two values, three features: the first and the second value, and the first one backwards. */
const ENCODER = [
  [1, 0, -1],
  [0, 1, 0],
];
const DECODER = [
  [2, 0],
  [0, 1],
  [-3, 0],
];
const BIAS = [0, -0.5, 0];
const CENTER = [1, 0];
let saved = 0;

function save(tensors: Record<string, number[][] | number[]>, config?: object): string {
  const folder = join(dir, String(saved++));
  mkdirSync(folder);
  const path = join(folder, 'sae_weights.safetensors');
  const of = (values: number[][] | number[]) => {
    const dims = Array.isArray(values[0]) ? [values.length, values[0].length] : [values.length];
    return tensor(dims, Float32Array.from(values.flat()));
  };
  writeSafetensors(
    path,
    new Map(Object.entries(tensors).map(([name, values]) => [name, of(values)])),
  );
  if (config) writeFileSync(join(folder, 'cfg.json'), JSON.stringify(config));
  return path;
}
const turned = (rows: number[][]) => rows[0]!.map((_, i) => rows.map((row) => row[i]!));
const lens = { W_enc: ENCODER, W_dec: DECODER, b_enc: BIAS, b_dec: CENTER };
const hook = { hook_name: 'blocks.1.hook_resid_post' };
const state = Float32Array.from([4, 2]);
const refuses = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('a sparse autoencoder', () => {
  it.each<[string, Record<string, number[][] | number[]>, object]>([
    ['SAELens', lens, { ...hook, architecture: 'standard', apply_b_dec_to_input: true }],
    [
      'sparsify',
      { 'encoder.weight': turned(ENCODER), 'encoder.bias': BIAS, W_dec: DECODER, b_dec: CENTER },
      { ...hook, k: 3, signed: false },
    ],
    [
      'two linear layers',
      {
        'encoder.weight': turned(ENCODER),
        'encoder.bias': BIAS,
        'decoder.weight': turned(DECODER),
        b_dec: CENTER,
      },
      hook,
    ],
  ])('of %s is read, whatever its layout', (_, tensors, config) => {
    const { layer, features, dModel, encode, decoder } = readDictionary(save(tensors, config));
    expect({ layer, features, dModel }).toEqual({ layer: 1, features: 3, dModel: 2 });
    // (4 - 1, 2) gives 3, 2 - 0.5 and -3, of which ReLU leaves nothing.
    expect([...encode(state)]).toEqual([3, 1.5, 0]);
    expect([...decoder(2)]).toEqual([-3, 0]);
  });

  it('subtracts the decoder bias where it was trained so', () => {
    const plain = { ...hook, apply_b_dec_to_input: false };
    expect([...readDictionary(save(lens, plain)).encode(state)]).toEqual([4, 1.5, 0]);
  });

  it('lets through what is above its threshold, whole, or the k largest', () => {
    const jumps = save(
      { ...lens, threshold: [3.5, 1.6, 0] },
      { ...hook, architecture: 'jumprelu' },
    );
    expect([...readDictionary(jumps).encode(state)]).toEqual([4, 0, 0]);
    const top = save(lens, { ...hook, architecture: 'topk', k: 1 });
    expect([...readDictionary(top).encode(state)]).toEqual([3, 0, 0]);
  });

  it.each<[string, number]>([
    ['blocks.7.hook_resid_post', 7],
    ['blocks.7.hook_resid_pre', 6],
    ['model.layers.7', 7],
    ['layers.7', 7],
  ])('trained at %s is of block %i', (name, layer) => {
    expect(readDictionary(save(lens, { metadata: { hook_name: name } })).layer).toBe(layer);
  });

  it('says what it cannot use', () => {
    expect(() => readDictionary(save({ W_enc: ENCODER }))).toThrow(
      refuses('BAD_DATA', /no sparse autoencoder that Suture knows: it has W_enc/),
    );
    expect(() => readDictionary(save(lens))).toThrow(refuses('BAD_DATA', /give the layer/));
    expect(readDictionary(save(lens), 2).layer).toBe(2);
    for (const [config, message] of [
      [{ hook_name: 'blocks.1.hook_mlp_out' }, /trained at blocks.1.hook_mlp_out/],
      [{ ...hook, architecture: 'gated' }, /"gated" is not supported/],
      [{ ...hook, normalize_activations: 'layer_norm' }, /normalised activations/],
      [{ ...hook, architecture: 'jumprelu' }, /without thresholds/],
      [{ ...hook, activation_fn: 'tanh-relu' }, /"tanh-relu"/],
    ] as const) {
      expect(() => readDictionary(save(lens, config))).toThrow(refuses('UNSUPPORTED', message));
    }
    const unequal = { ...lens, W_dec: [[1, 2, 3]] };
    expect(() => readDictionary(save(unequal, hook))).toThrow(/do not belong together/);
    expect(() => readDictionary(join(dir, 'none.safetensors'))).toThrow(SutureError);
  });
});

describe('a feature as a direction', () => {
  const dictionary = readDictionary(save({ ...lens, b_dec: [0, 0] }, hook));
  const contrasts = [contrast('a', () => [2, 1.5]), contrast('b', () => [4, 2.5])].map((one) => ({
    ...one,
    dictionary,
  }));

  it('is the one that changes the stream most, at the length of the mean difference', () => {
    // 3 more of feature 0, which adds (2, 0), and 1.5 of feature 1, which adds (0, 1).
    expect(strongestFeature(contrasts, 'decision', 1, dictionary)).toEqual({ feature: 0, more: 3 });
    const made = directionOf('sae_feature', contrasts, 'decision', 1);
    expect(made[1]).toBe(0);
    expect(made[0]).toBeCloseTo(norm(meanDifference(contrasts, 'decision', 1)), 5);
  });

  it('is taken away where secure prompts have less of it', () => {
    const turned = contrasts.map(({ secure, insecure, ...rest }) => ({
      ...rest,
      secure: insecure,
      insecure: secure,
    }));
    expect(directionOf('sae_feature', turned, 'decision', 1)[0]).toBeLessThan(0);
  });

  it('is refused without an autoencoder, or at another layer', () => {
    const without = contrasts.map(({ dictionary: _, ...one }) => one);
    expect(() => directionOf('sae_feature', without, 'decision', 1)).toThrow(/none is given/);
    expect(() => directionOf('sae_feature', contrasts, 'decision', 0)).toThrow(/is of layer 1/);
  });
});
