import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { ensure, readJson, SutureError, sha256 } from '../core/index.js';
import { readSafetensorsHeader, readTensor, type TensorEntry } from '../tensor/index.js';

/** A sparse autoencoder of the residual stream after one block: the stream as a sum of few of many features. */
export interface Dictionary {
  /** It reads and writes `blocks.{layer}.hook_resid_post`. */
  layer: number;
  features: number;
  dModel: number;
  /** SHA-256 of its encoder and its decoder. */
  hash: string;
  /** How much of each feature is in a state [d_model]: [features], 0 of most. */
  encode(state: Float32Array): Float32Array;
  /** What one of a feature adds to the stream: [d_model]. */
  decoder(feature: number): Float32Array;
}

/** What of `cfg.json` says how features are computed; both SAELens and sparsify write one. */
const CONFIG = z.looseObject({
  architecture: z.string().optional(),
  activation_fn: z.string().optional(),
  activation_fn_str: z.string().optional(),
  apply_b_dec_to_input: z.boolean().optional(),
  normalize_activations: z.string().nullish(),
  k: z.number().int().positive().optional(),
  signed: z.boolean().optional(),
  transcode: z.boolean().optional(),
  hook_name: z.string().optional(),
  metadata: z.looseObject({ hook_name: z.string().optional() }).optional(),
});
type Config = z.infer<typeof CONFIG>;

/** Layouts by the names of their tensors; `true` where a matrix has a row for each feature. */
const LAYOUTS = [
  // SAELens
  { encoder: 'W_enc', byFeature: false, bias: 'b_enc', decoder: 'W_dec', decoderByFeature: true },
  // sparsify
  {
    encoder: 'encoder.weight',
    byFeature: true,
    bias: 'encoder.bias',
    decoder: 'W_dec',
    decoderByFeature: true,
  },
  // two linear layers of PyTorch
  {
    encoder: 'encoder.weight',
    byFeature: true,
    bias: 'encoder.bias',
    decoder: 'decoder.weight',
    decoderByFeature: false,
  },
] as const;

/**
 * Reads a sparse autoencoder as SAELens, sparsify or two linear layers of PyTorch are saved: safetensors, with
 * `cfg.json` beside it where there is one. ReLU, JumpReLU (`threshold`) and top-k (`k`) are known.
 *
 * @param layer the block after which it was trained; by default what its `cfg.json` says
 * @throws {SutureError} NOT_FOUND, BAD_CHECKPOINT; BAD_DATA for other tensors, or where the layer is not known;
 *   UNSUPPORTED for another architecture or another place than the stream
 * @example
 * const dictionary = readDictionary('sae/blocks.12.hook_resid_post/sae_weights.safetensors');
 */
export function readDictionary(path: string, layer?: number): Dictionary {
  const { tensors } = readSafetensorsHeader(path);
  const layout = LAYOUTS.find(
    ({ encoder, decoder }) => tensors.has(encoder) && tensors.has(decoder),
  );
  ensure(
    layout,
    'BAD_DATA',
    `${path} is no sparse autoencoder that Suture knows: it has ${[...tensors.keys()].slice(0, 8).join(', ')}; SAELens writes W_enc and W_dec, sparsify encoder.weight and W_dec.`,
  );
  const config = configOf(path);
  const matrix = (name: string, byFeature: boolean) => {
    const entry = tensors.get(name)!;
    ensure(
      entry.dims.length === 2,
      'BAD_DATA',
      `${path}: ${name} has shape [${entry.dims.join(', ')}]; it must be a matrix.`,
    );
    return byFeature ? transposed(entry) : readTensor(entry);
  };
  const encoder = matrix(layout.encoder, layout.byFeature); // [d_model, features]
  const [dModel, features] = encoder.dims as [number, number];
  const decoder = matrix(layout.decoder, !layout.decoderByFeature); // [features, d_model]
  const vector = (name: string, length: number) => {
    const entry = tensors.get(name);
    if (!entry) return undefined;
    const { dims, data } = readTensor(entry);
    ensure(
      data.length === length,
      'BAD_DATA',
      `${path}: ${name} has shape [${dims.join(', ')}]; it must have ${length} values.`,
    );
    return data;
  };
  ensure(
    decoder.dims[0] === features && decoder.dims[1] === dModel,
    'BAD_DATA',
    `${path}: ${layout.encoder} and ${layout.decoder} do not belong together.`,
  );
  const bias = vector(layout.bias, features);
  const center = vector('b_dec', dModel);
  const threshold = vector('threshold', features);
  checkArchitecture(config, threshold !== undefined, path);
  const centered = config.apply_b_dec_to_input ?? threshold === undefined;
  const known = new WeakMap<Float32Array, Float32Array>(); // states are read again for every fold

  return {
    layer: layer ?? layerOf(config, path),
    features,
    dModel,
    hash: hashOf(encoder.data, decoder.data),
    encode(state) {
      const done = known.get(state);
      if (done) return done;
      const acts = bias ? Float64Array.from(bias) : new Float64Array(features);
      for (let i = 0; i < dModel; i++) {
        const x = state[i]! - (centered && center ? center[i]! : 0);
        const row = i * features;
        for (let f = 0; f < features; f++) acts[f]! += x * encoder.data[row + f]!;
      }
      const made = Float32Array.from(acts, (act, f) =>
        act > Math.max(0, threshold?.[f] ?? 0) ? act : 0,
      );
      if (config.k !== undefined) keepLargest(made, config.k);
      known.set(state, made);
      return made;
    },
    decoder: (feature) => decoder.data.slice(feature * dModel, (feature + 1) * dModel),
  };
}

const hashOf = (...parts: Float32Array[]): string =>
  sha256(
    parts
      .map((part) => sha256(new Uint8Array(part.buffer, part.byteOffset, part.byteLength)))
      .join(),
  );

function configOf(path: string): Config {
  const beside = join(dirname(path), 'cfg.json');
  if (!existsSync(beside)) return {};
  const parsed = CONFIG.safeParse(readJson(beside));
  if (parsed.success) return parsed.data;
  throw new SutureError('BAD_DATA', `${beside}: ${z.prettifyError(parsed.error)}`);
}

function checkArchitecture(config: Config, jumps: boolean, path: string): void {
  const { architecture, activation_fn, activation_fn_str, normalize_activations, k } = config;
  const activation = activation_fn ?? activation_fn_str;
  const refuse = (holds: boolean, what: string) =>
    ensure(!holds, 'UNSUPPORTED', `${path}: ${what} is not supported.`);
  const known = ['standard', 'jumprelu', 'topk', undefined];
  refuse(!known.includes(architecture), `the architecture "${architecture}"`);
  refuse(architecture === 'topk' && k === undefined, 'top-k without a k in cfg.json');
  refuse(architecture === 'jumprelu' && !jumps, 'JumpReLU without thresholds');
  refuse(
    activation !== undefined && !['relu', 'topk', 'jumprelu'].includes(activation),
    `the activation "${activation}"`,
  );
  refuse(
    ![undefined, null, 'none'].includes(normalize_activations),
    `an autoencoder of normalised activations ("${normalize_activations}")`,
  );
  refuse(config.signed === true, 'a signed top-k');
  refuse(config.transcode === true, 'a transcoder');
}

/** The block whose output an autoencoder was trained on, by the name of its hook. */
function layerOf({ hook_name, metadata }: Config, path: string): number {
  const hook = hook_name ?? metadata?.hook_name ?? basename(dirname(path));
  const after = /^blocks\.(\d+)\.hook_resid_post$|^(?:model\.)?layers\.(\d+)$/.exec(hook);
  if (after) return Number(after[1] ?? after[2]);
  const before = /^blocks\.(\d+)\.hook_resid_pre$/.exec(hook);
  if (before && Number(before[1]) > 0) return Number(before[1]) - 1;
  ensure(
    !/^blocks\.\d+\./.test(hook),
    'UNSUPPORTED',
    `${path} was trained at ${hook}; Suture adds vectors to the stream after a block (hook_resid_post).`,
  );
  throw new SutureError(
    'BAD_DATA',
    `${path}: neither a cfg.json beside it nor its folder says after which block it was trained: give the layer.`,
  );
}

function transposed(entry: TensorEntry) {
  const { dims, data } = readTensor(entry);
  const [rows, columns] = dims as [number, number];
  const turned = new Float32Array(data.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) turned[j * rows + i] = data[i * columns + j]!;
  return { dims: [columns, rows], data: turned };
}

/** All but the k largest become 0; of equals the first stay. */
function keepLargest(acts: Float32Array, k: number): void {
  const order = [...acts.keys()].sort((a, b) => acts[b]! - acts[a]! || a - b);
  for (const f of order.slice(k)) acts[f] = 0;
}
