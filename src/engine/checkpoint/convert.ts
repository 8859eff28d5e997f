import {
  readPieces,
  readSafetensorsHeader,
  type StreamedTensor,
  sizeOf,
  streamSafetensors,
  type TensorEntry,
  toF32,
} from '../../tensor/index.js';
import { contentKey, type WorkOptions } from './content.js';
import { derivedFile, origin } from './store.js';

/** Bytes that are converted at a time. */
const PIECE = 4 << 20;

/**
 * The same weights, each as f32 in some file: those that are f32 where they are, the others in a
 * file of the cache, which is written when it is not there yet. Needs a few times `PIECE` of memory,
 * however large the weights.
 *
 * @throws {SutureError} DISK, INTERRUPTED
 */
export async function inFloat32(
  entries: readonly TensorEntry[],
  options: WorkOptions = {},
): Promise<TensorEntry[]> {
  const narrow = entries.filter(({ dtype }) => dtype !== 'f32');
  if (narrow.length === 0) return [...entries];
  const bytes = narrow.reduce((sum, { dims }) => sum + 4 * sizeOf(dims), 0);
  const key = await contentKey(narrow, options);
  const path = await derivedFile('f32', key, { bytes, signal: options.signal }, (temporary) => {
    const tensors = convertedTensors(narrow, bytes, options);
    return streamSafetensors(temporary, tensors, origin(narrow));
  });
  const { tensors } = readSafetensorsHeader(path);
  return entries.map((entry) => tensors.get(entry.name) ?? entry);
}

function convertedTensors(
  entries: readonly TensorEntry[],
  bytes: number,
  { onProgress, signal }: WorkOptions,
): Map<string, StreamedTensor> {
  let done = 0;
  function* pieces(entry: TensorEntry) {
    for (const piece of readPieces(entry, PIECE)) {
      signal?.throwIfAborted();
      const { buffer } = toF32(entry.dtype, piece);
      yield new Uint8Array(buffer);
      done += buffer.byteLength;
      onProgress?.('convert to float32 (MB)', Math.round(done / 1e6), Math.round(bytes / 1e6));
    }
  }
  return new Map(
    entries.map((entry) => [
      entry.name,
      { dtype: 'f32', dims: entry.dims, pieces: () => pieces(entry) },
    ]),
  );
}
