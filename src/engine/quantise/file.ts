import { ensure, SutureError, sha256 } from '../../core/index.js';
import { type ModelConfig, matrixWeights } from '../../models/index.js';
import {
  readPieces,
  readSafetensorsHeader,
  readTensor,
  type StreamedTensor,
  streamSafetensors,
  type TensorEntry,
  toF32,
} from '../../tensor/index.js';
import { contentKey, type WorkOptions } from '../checkpoint/content.js';
import { derivedFile, origin } from '../checkpoint/store.js';
import type { StoredMatrix } from './matrices.js';
import { Rounders } from './rounders.js';
import { type Bits, type Quantised, rowSizes } from './rounding.js';

/** Precisions with weights in few bits. */
export type QuantisedDType = 'int8' | 'int4';

/** Goes up with every change to what the file holds for the same weights. */
const VERSION = 2;

/** Weights that are rounded at a time. */
const PIECE = 1 << 20;

export interface QuantisedWeights {
  /** What stays f32: norms, biases, positions. */
  weights: ReadonlyMap<string, TensorEntry>;
  matrices: ReadonlyMap<string, StoredMatrix>;
}

/** A weight, and how it is to be kept. */
interface Plan {
  entry: TensorEntry;
  /** Absent where it stays f32. */
  matrix: { bits: Bits; n: number; k: number; transposed: boolean } | undefined;
}

/**
 * A model's weights in few bits, from a file of the cache, which is written when it is not there
 * yet: in pieces, so that its memory does not grow with the checkpoint.
 *
 * @throws {SutureError} BAD_CHECKPOINT for weights that are infinite or not numbers; DISK, INTERRUPTED
 */
export async function quantised(
  config: ModelConfig,
  entries: readonly TensorEntry[],
  dtype: QuantisedDType,
  options: WorkOptions = {},
): Promise<QuantisedWeights> {
  const plans = planOf(config, entries, dtype);
  const bytes = plans.reduce((sum, plan) => sum + bytesOf(plan), 0);
  const key = sha256(`${VERSION} ${dtype} ${await contentKey(entries, options)}`);
  const path = await derivedFile(dtype, key, { bytes, signal: options.signal }, (temporary) =>
    write(temporary, plans, options),
  );
  const { tensors } = readSafetensorsHeader(path);
  const weights = new Map<string, TensorEntry>();
  const matrices = new Map<string, StoredMatrix>();
  for (const { entry, matrix } of plans) {
    const part = (name: string) => tensors.get(`${entry.name}.${name}`);
    if (!matrix) weights.set(entry.name, tensors.get(entry.name)!);
    else {
      const { bits, k } = matrix;
      const parts = { codes: part('codes')!, scales: part('scales')!, zeros: part('zeros') };
      matrices.set(entry.name, { bits, k, ...parts });
    }
  }
  return { weights, matrices };
}

/** Bytes of the weights of a model in a precision. */
export function quantisedBytes(
  config: ModelConfig,
  entries: readonly TensorEntry[],
  dtype: QuantisedDType,
): number {
  return planOf(config, entries, dtype).reduce((sum, plan) => sum + bytesOf(plan), 0);
}

function planOf(
  config: ModelConfig,
  entries: readonly TensorEntry[],
  dtype: QuantisedDType,
): Plan[] {
  const uses = matrixWeights(config);
  return entries.map((entry) => {
    const use = uses.get(entry.name);
    if (!use) return { entry, matrix: undefined };
    const { out: n, in: k, layout } = use;
    // At 4 bits, half of what a small model loses would be lost in its embedding and unembedding.
    const bits = dtype === 'int4' && n !== config.vocabSize ? 4 : 8;
    return { entry, matrix: { bits, n, k, transposed: layout === 'in_out' } };
  });
}

function bytesOf({ entry, matrix }: Plan): number {
  if (!matrix) return 4 * entry.dims.reduce((a, b) => a * b, 1);
  const { codes, blocks, zeros } = rowSizes(matrix.k, matrix.bits);
  return matrix.n * (codes + 4 * blocks + zeros);
}

async function write(path: string, plans: readonly Plan[], options: WorkOptions): Promise<void> {
  const count = plans.reduce((sum, { matrix }) => sum + (matrix ? matrix.n * matrix.k : 0), 0);
  const rounders = new Rounders(count);
  let done = 0;
  const onRounded = (weights: number) => {
    if (options.signal?.aborted) {
      throw new SutureError('INTERRUPTED', 'Interrupted.', { cause: options.signal.reason });
    }
    done += weights;
    options.onProgress?.('quantise weights', Math.round(done / 1e6), Math.round(count / 1e6));
  };
  try {
    const tensors = plans.flatMap((plan) => tensorsOf(plan, rounders, onRounded));
    const metadata = origin(plans.map(({ entry }) => entry));
    await streamSafetensors(path, new Map(tensors), metadata);
  } finally {
    await rounders.close();
  }
}

/** What the file holds of a weight. Codes come first; scales and zeros are kept back until then. */
function tensorsOf(
  { entry, matrix }: Plan,
  rounders: Rounders,
  onRounded: (weights: number) => void,
): [string, StreamedTensor][] {
  const { name, dims } = entry;
  if (!matrix) return [[name, { dtype: 'f32', dims, pieces: () => float32Pieces(entry) }]];
  const { bits, n, k } = matrix;
  const sizes = rowSizes(k, bits);
  const rounded: Omit<Quantised, 'codes'>[] = [];
  async function* codes() {
    const parts = matrix!.transposed ? transposedRows(entry) : rowsOf(entry, k);
    for await (const part of inOrder(parts, rounders, k, bits)) {
      ensure(
        part,
        'BAD_CHECKPOINT',
        `${entry.file}: ${name} holds values that are infinite or not numbers, so it cannot be quantised.`,
      );
      rounded.push({ scales: part.scales, zeros: part.zeros });
      onRounded((part.scales.length / sizes.blocks) * k);
      yield part.codes;
    }
  }
  const blockBytes = sizes.codes / sizes.blocks;
  const tensors: [string, StreamedTensor][] = [
    [`${name}.codes`, { dtype: 'u8', dims: [n, sizes.blocks, blockBytes], pieces: codes }],
    [
      `${name}.scales`,
      {
        dtype: 'f32',
        dims: [n, sizes.blocks],
        pieces: () => rounded.map(({ scales }) => new Uint8Array(scales.buffer)),
      },
    ],
  ];
  if (sizes.zeros > 0) {
    const pieces = () => rounded.map(({ zeros }) => zeros);
    tensors.push([`${name}.zeros`, { dtype: 'u8', dims: [n, sizes.zeros], pieces }]);
  }
  return tensors;
}

/** Rounds pieces on all threads at once, and gives them back in their order. */
async function* inOrder(
  parts: Iterable<Float32Array<ArrayBuffer>>,
  rounders: Rounders,
  k: number,
  bits: Bits,
): AsyncGenerator<Quantised | undefined> {
  const underway: Promise<Quantised | undefined>[] = [];
  for (const part of parts) {
    const result = rounders.round(part, k, bits);
    result.catch(() => {}); // it is looked at when its turn comes
    underway.push(result);
    if (underway.length >= rounders.width) yield underway.shift()!;
  }
  yield* underway;
}

function* float32Pieces(entry: TensorEntry): Generator<Uint8Array> {
  for (const piece of readPieces(entry, 8 * PIECE)) {
    const { buffer, byteOffset, byteLength } = toF32(entry.dtype, piece);
    yield new Uint8Array(buffer, byteOffset, byteLength);
  }
}

/** Whole rows of k weights, about `PIECE` weights at a time. */
function* rowsOf(entry: TensorEntry, k: number): Generator<Float32Array<ArrayBuffer>> {
  const [n] = entry.dims as [number];
  const rowBytes = entry.byteLength / n;
  const rows = Math.max(1, Math.floor(PIECE / k));
  for (const piece of readPieces(entry, rows * rowBytes)) {
    yield toF32(entry.dtype, piece) as Float32Array<ArrayBuffer>;
  }
}

/** A weight that is stored as [k, n] (GPT-2's Conv1D), whole, as rows of k. */
function* transposedRows(entry: TensorEntry): Generator<Float32Array<ArrayBuffer>> {
  const [k, n] = entry.dims as [number, number];
  const { data } = readTensor(entry);
  const rows = new Float32Array(n * k);
  for (let i = 0; i < k; i++) for (let j = 0; j < n; j++) rows[j * k + i] = data[i * n + j]!;
  yield rows;
}
