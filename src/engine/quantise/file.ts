import { ensure, SutureError, sha256 } from '../../core/index.js';
import { type ModelConfig, matrixWeights } from '../../models/index.js';
import {
  readPieces,
  readSafetensorsHeader,
  readTensor,
  type StreamedTensor,
  sizeOf,
  streamSafetensors,
  type TensorEntry,
  toF32,
} from '../../tensor/index.js';
import { contentKey, type WorkOptions } from '../checkpoint/content.js';
import { derivedFile, origin } from '../checkpoint/store.js';
import type { MatrixRoles, StoredMatrix } from './matrices.js';
import { Rounders } from './rounders.js';
import { type Format, type Quantised, rowSizes } from './rounding.js';

/** Precisions with weights in few bits. */
export type QuantisedDType = 'int8' | 'int4';

/**
 * By role, chosen by measurement (docs/precision.md): of larger blocks products are faster; a head's
 * rounding is seen in every probability; and rows that are looked up cost the same in any format.
 */
const FORMATS: Record<QuantisedDType, Record<'layer' | 'head' | 'rows', Format>> = {
  int8: {
    layer: { bits: 8, block: 64 },
    head: { bits: 8, block: 64 },
    rows: { bits: 8, block: 64 },
  },
  int4: {
    layer: { bits: 4, block: 128 },
    head: { bits: 4, block: 32 },
    rows: { bits: 8, block: 64 },
  },
};

/** Goes up with every change to what the file holds for the same weights. */
const VERSION = 3;

/** Weights that are rounded at a time. */
const PIECE = 1 << 20;

export interface QuantisedWeights {
  /** What stays f32: norms, biases, positions. */
  weights: ReadonlyMap<string, TensorEntry>;
  matrices: ReadonlyMap<string, MatrixRoles>;
}

/** A matrix [n, k] that is to be written. */
interface Matrix {
  entry: TensorEntry;
  format: Format;
  n: number;
  k: number;
  /** It is stored as [k, n]. */
  transposed: boolean;
}

/** A weight, and how it is to be kept. */
interface Plan {
  entry: TensorEntry;
  /** For each role, absent where the weight stays f32. One that is kept in one format has one matrix. */
  factor: Matrix | undefined;
  table: Matrix | undefined;
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
  const stored = (matrix: Matrix | undefined): StoredMatrix | undefined => {
    if (!matrix) return undefined;
    const part = (name: string) => tensors.get(`${nameOf(matrix)}.${name}`);
    const { format, k } = matrix;
    return { format, k, codes: part('codes')!, scales: part('scales')!, zeros: part('zeros') };
  };
  const weights = new Map<string, TensorEntry>();
  const matrices = new Map<string, MatrixRoles>();
  for (const plan of plans) {
    const { name } = plan.entry;
    if (matricesOf(plan).length === 0) weights.set(name, tensors.get(name)!);
    else matrices.set(name, { factor: stored(plan.factor), table: stored(plan.table) });
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
  const formats = FORMATS[dtype];
  return entries.map((entry) => {
    const use = uses.get(entry.name);
    if (!use) return { entry, factor: undefined, table: undefined };
    const { out: n, in: k, layout, multiplied, lookedUp } = use;
    const matrix = (format: Format): Matrix => {
      return { entry, format, n, k, transposed: layout === 'in_out' };
    };
    const factor = matrix(n === config.vocabSize ? formats.head : formats.layer);
    const same = nameOf(matrix(formats.rows)) === nameOf(factor);
    const table = same ? factor : matrix(formats.rows);
    return { entry, factor: multiplied ? factor : undefined, table: lookedUp ? table : undefined };
  });
}

const matricesOf = ({ factor, table }: Plan): Matrix[] => [
  ...new Set([factor, table].filter((matrix) => matrix !== undefined)),
];

const nameOf = ({ entry, format }: Matrix) => `${entry.name}.${format.bits}x${format.block}`;

function bytesOf(plan: Plan): number {
  const matrices = matricesOf(plan);
  if (matrices.length === 0) return 4 * sizeOf(plan.entry.dims);
  return matrices
    .map(({ n, k, format }) => {
      const { codes, blocks, zeros } = rowSizes(k, format);
      return n * (codes + 4 * blocks + zeros);
    })
    .reduce((a, b) => a + b);
}

async function write(path: string, plans: readonly Plan[], options: WorkOptions): Promise<void> {
  const count = plans.flatMap(matricesOf).reduce((sum, { n, k }) => sum + n * k, 0);
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

/** What the file holds of a weight. */
function tensorsOf(
  plan: Plan,
  rounders: Rounders,
  onRounded: (weights: number) => void,
): [string, StreamedTensor][] {
  const { entry } = plan;
  const matrices = matricesOf(plan);
  if (matrices.length > 0) {
    return matrices.flatMap((matrix) => matrixTensors(matrix, rounders, onRounded));
  }
  return [[entry.name, { dtype: 'f32', dims: entry.dims, pieces: () => float32Pieces(entry) }]];
}

/** Codes come first; scales and zeros are kept back until then. */
function matrixTensors(
  matrix: Matrix,
  rounders: Rounders,
  onRounded: (weights: number) => void,
): [string, StreamedTensor][] {
  const { entry, format, n, k, transposed } = matrix;
  const sizes = rowSizes(k, format);
  const rounded: Omit<Quantised, 'codes'>[] = [];
  async function* codes() {
    const parts = transposed ? transposedRows(entry) : rowsOf(entry, k);
    for await (const part of inOrder(parts, rounders, k, format)) {
      ensure(
        part,
        'BAD_CHECKPOINT',
        `${entry.file}: ${entry.name} holds values that are infinite or not numbers, so it cannot be quantised.`,
      );
      rounded.push({ scales: part.scales, zeros: part.zeros });
      onRounded((part.scales.length / sizes.blocks) * k);
      yield part.codes;
    }
  }
  const name = nameOf(matrix);
  const tensors: [string, StreamedTensor][] = [
    [
      `${name}.codes`,
      { dtype: 'u8', dims: [n, sizes.blocks, sizes.codes / sizes.blocks], pieces: codes },
    ],
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
  format: Format,
): AsyncGenerator<Quantised | undefined> {
  const underway: Promise<Quantised | undefined>[] = [];
  for (const part of parts) {
    const result = rounders.round(part, k, format);
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
