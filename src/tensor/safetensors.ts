// The safetensors format (https://huggingface.co/docs/safetensors, "Format"):
//
//   8 bytes   length of the header, little-endian u64
//   header    JSON: name -> { dtype, shape, data_offsets: [begin, end) }, and `__metadata__`
//   data      the tensors, little-endian and row-major, with no gap between them
//
// Like the typed arrays it reads into, this code takes the machine to be little-endian.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate as eventLoop } from 'node:timers/promises';
import { z } from 'zod';
import { ensure, fileError, messageOf, SutureError } from '../core/index.js';
import { f32ToBf16, f32ToF16, toF32 } from './convert.js';
import { BYTES, type DType } from './dtype.js';
import { sizeOf, type Tensor } from './tensor.js';

/** Where a tensor lies in a file. */
export interface TensorEntry {
  name: string;
  dtype: DType;
  dims: number[];
  /** The real path of the file, links resolved. */
  file: string;
  /** From the start of the file, in bytes. */
  offset: number;
  byteLength: number;
}

export interface SafetensorsHeader {
  metadata: Record<string, string>;
  tensors: Map<string, TensorEntry>;
}

const DTYPES: Record<string, DType> = {
  F64: 'f64',
  F32: 'f32',
  F16: 'f16',
  BF16: 'bf16',
  I64: 'i64',
  I32: 'i32',
  I16: 'i16',
  I8: 'i8',
  U8: 'u8',
  BOOL: 'bool',
};

/** The format's own limit on the header's length. */
const MAX_HEADER = 100_000_000;

const tensorHeader = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const metadataSchema = z.record(z.string(), z.string());

/**
 * Reads and checks the header of a safetensors file; its tensors are not read.
 *
 * @throws {SutureError} NOT_FOUND; BAD_CHECKPOINT, with the file and the reason, where it is
 *   truncated or malformed
 */
export function readSafetensorsHeader(path: string): SafetensorsHeader {
  const file = realPath(path);
  const bad = (why: string) => new SutureError('BAD_CHECKPOINT', `${path}: ${why}`);
  const descriptor = openFile(file);
  try {
    const { size } = fstatSync(descriptor);
    const missing = (bytes: number) =>
      bad(`it is truncated: ${bytes} bytes are missing at its end. Download it again.`);
    if (size < 8) throw missing(8 - size);
    const start = readBytes(descriptor, 0, 8, path);
    if (start.toString('latin1') === 'version ') {
      throw bad('it is a Git LFS pointer, not the weights. Run "git lfs pull" in its folder.');
    }
    const length = Number(start.readBigUInt64LE(0));
    if (length > MAX_HEADER) throw bad('it does not begin like a safetensors file.');
    const dataStart = 8 + length;
    if (dataStart > size) throw missing(dataStart - size);
    const { __metadata__: texts = {}, ...described } = parseHeader(
      readBytes(descriptor, 8, length, path),
      bad,
    );
    const metadata = metadataSchema.safeParse(texts);
    if (!metadata.success) throw bad('its metadata are not texts.');

    const tensors = new Map<string, TensorEntry>();
    for (const [name, value] of Object.entries(described)) {
      const parsed = tensorHeader.safeParse(value);
      if (!parsed.success) throw bad(`the entry of ${name} is malformed.`);
      const { dtype: dtypeName, shape, data_offsets } = parsed.data;
      const dtype = DTYPES[dtypeName];
      if (!dtype) throw bad(`${name} has the element type ${dtypeName}, which is not supported.`);
      const [begin, end] = data_offsets;
      const byteLength = end - begin;
      if (byteLength !== sizeOf(shape) * BYTES[dtype]) {
        throw bad(
          `${name} has shape [${shape.join(', ')}] of ${dtypeName} but ${byteLength} bytes.`,
        );
      }
      tensors.set(name, { name, dtype, dims: shape, file, offset: dataStart + begin, byteLength });
    }

    const end = contiguousEnd([...tensors.values()], dataStart, bad);
    if (end > size) throw missing(end - size);
    if (end < size) throw bad(`its last ${size - end} bytes belong to no tensor.`);
    return { metadata: metadata.data, tensors };
  } finally {
    closeSync(descriptor);
  }
}

function parseHeader(bytes: Buffer, bad: (why: string) => SutureError): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (thrown) {
    throw new SutureError('BAD_CHECKPOINT', bad('its header is not valid JSON.').message, {
      cause: thrown,
    });
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw bad('its header is not a table of tensors.');
  }
  const twice = repeatedKey(text);
  if (twice !== undefined) throw bad(`its header names ${twice} twice.`);
  return header as Record<string, unknown>;
}

/** A key that a valid JSON object has twice at its top level; JSON.parse would keep the last. */
function repeatedKey(json: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  for (const [token] of json.matchAll(/[{[}\]]|"(?:[^"\\]|\\.)*"(?:\s*:)?/g)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (depth === 1 && token.endsWith(':')) {
      const key = JSON.parse(token.slice(0, -1)) as string;
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}

/** Where the tensors end, laid one behind the other from `start`: no overlap and no gap. */
function contiguousEnd(
  entries: TensorEntry[],
  start: number,
  bad: (why: string) => SutureError,
): number {
  entries.sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength);
  let end = start;
  for (const { name, offset, byteLength } of entries) {
    if (offset < end) throw bad(`${name} and the tensor before it overlap.`);
    if (offset > end) throw bad(`${offset - end} bytes before ${name} belong to no tensor.`);
    end += byteLength;
  }
  return end;
}

/** The bytes of a tensor as they are in the file. */
export function readRaw(entry: TensorEntry): Uint8Array {
  const descriptor = openFile(entry.file);
  try {
    return readBytes(descriptor, entry.offset, entry.byteLength, entry.file);
  } finally {
    closeSync(descriptor);
  }
}

/** A tensor as float32, whatever its element type. */
export function readTensor(entry: TensorEntry): Tensor {
  return { dims: [...entry.dims], data: toF32(entry.dtype, readRaw(entry)) };
}

/**
 * A tensor of whole numbers, exactly: flat, in row-major order.
 *
 * @throws {SutureError} BAD_ARGUMENT where it is stored as floats; BAD_CHECKPOINT where a value is
 *   beyond 2^53
 */
export function readIntegers(entry: TensorEntry): number[] {
  const { buffer } = readRaw(entry);
  switch (entry.dtype) {
    case 'i64': {
      const values = Array.from(new BigInt64Array(buffer), Number);
      ensure(
        values.every(Number.isSafeInteger),
        'BAD_CHECKPOINT',
        `${entry.file}: ${entry.name} holds numbers beyond 2^53.`,
      );
      return values;
    }
    case 'i32':
      return [...new Int32Array(buffer)];
    case 'i16':
      return [...new Int16Array(buffer)];
    case 'i8':
      return [...new Int8Array(buffer)];
    case 'u8':
    case 'bool':
      return [...new Uint8Array(buffer)];
    default:
      throw new SutureError(
        'BAD_ARGUMENT',
        `${entry.file}: ${entry.name} holds ${entry.dtype} values, not whole numbers.`,
      );
  }
}

/** All tensors of a file as float32. */
export function readSafetensors(path: string): Map<string, Tensor> {
  const { tensors } = readSafetensorsHeader(path);
  return new Map([...tensors].map(([name, entry]) => [name, readTensor(entry)]));
}

export interface WriteOptions {
  /** Element type in the file. Defaults to `f32`. */
  dtype?: 'f32' | 'f16' | 'bf16';
  /** Texts stored beside the tensors. Defaults to none. */
  metadata?: Record<string, string>;
}

/**
 * Writes a safetensors file whole or not at all. Tensors may be given by a function, so that they
 * need not all be in memory at once.
 *
 * @throws {SutureError} BAD_ARGUMENT where a shape does not fit its values; DISK. What was there
 *   before is unchanged
 */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor | { dims: number[]; read: () => Tensor }>,
  { dtype = 'f32', metadata }: WriteOptions = {},
): void {
  const encode = { f32: (x: Float32Array) => x, f16: f32ToF16, bf16: f32ToBf16 }[dtype];
  const header = encodeHeader(
    [...tensors].map(([name, { dims }]) => ({ name, dtype, dims })),
    metadata,
  );
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    const descriptor = openSync(temporary, 'wx');
    try {
      writeAll(descriptor, header);
      for (const [name, item] of tensors) {
        const { data } = 'read' in item ? item.read() : item;
        ensure(
          data.length === sizeOf(item.dims),
          'BAD_ARGUMENT',
          `${name} has shape [${item.dims.join(', ')}] but ${data.length} values.`,
        );
        const { buffer, byteOffset, byteLength } = encode(data);
        writeAll(descriptor, new Uint8Array(buffer, byteOffset, byteLength));
      }
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (thrown) {
    // It is not there when the folder could not be made; rmSync would then hide the reason.
    if (existsSync(temporary)) rmSync(temporary);
    throw fileError(thrown, 'write', path);
  }
}

/** The length and the header of a file whose tensors lie in this order. */
function encodeHeader(
  tensors: readonly { name: string; dtype: DType; dims: readonly number[] }[],
  metadata: Record<string, string> | undefined,
): Buffer {
  const header: [string, unknown][] = metadata ? [['__metadata__', metadata]] : [];
  let end = 0;
  for (const { name, dtype, dims } of tensors) {
    ensure(name !== '__metadata__', 'BAD_ARGUMENT', 'No tensor can be named __metadata__.');
    const begin = end;
    end += sizeOf(dims) * BYTES[dtype];
    header.push([name, { dtype: dtype.toUpperCase(), shape: dims, data_offsets: [begin, end] }]);
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)), 'utf8');
  const bytes = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  bytes.writeBigUInt64LE(BigInt(bytes.length - 8));
  json.copy(bytes, 8);
  return bytes;
}

export interface StreamedTensor {
  dtype: DType;
  dims: readonly number[];
  /** The tensor's bytes in pieces of any size, in their order; asked for when their turn comes. */
  pieces: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/**
 * Writes a safetensors file of which never more than one piece is in memory. It is written in
 * place: give a temporary name, and rename it when this is done.
 *
 * @throws {SutureError} BAD_ARGUMENT where the pieces do not add up to the shape; DISK; and what
 *   the pieces throw
 */
export async function streamSafetensors(
  path: string,
  tensors: ReadonlyMap<string, StreamedTensor>,
  metadata?: Record<string, string>,
): Promise<void> {
  const described = [...tensors].map(([name, { dtype, dims }]) => ({ name, dtype, dims }));
  const header = encodeHeader(described, metadata);
  let descriptor: number | undefined;
  const write = async (bytes: Uint8Array) => {
    try {
      descriptor ??= openSync(path, 'w');
      writeAll(descriptor, bytes);
    } catch (thrown) {
      throw fileError(thrown, 'write', path);
    }
    await eventLoop(); // signals and timers get their turn between pieces
  };
  try {
    await write(header);
    for (const [name, { dtype, dims, pieces }] of tensors) {
      let written = 0;
      for await (const piece of pieces()) {
        await write(piece);
        written += piece.length;
      }
      ensure(
        written === sizeOf(dims) * BYTES[dtype],
        'BAD_ARGUMENT',
        `${name} has shape [${dims.join(', ')}] of ${dtype} but ${written} bytes.`,
      );
    }
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** The bytes of a tensor in pieces of at most `size` bytes, each in memory of its own. */
export function* readPieces(
  { file, offset, byteLength }: TensorEntry,
  size: number,
): Generator<Buffer<ArrayBuffer>> {
  const descriptor = openFile(file);
  try {
    for (let at = 0; at < byteLength; at += size) {
      yield readBytes(descriptor, offset + at, Math.min(size, byteLength - at), file);
    }
  } finally {
    closeSync(descriptor);
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, Math.min(bytes.length - done, 2 ** 30));
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (thrown) {
    throw fileError(thrown, 'read', path);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (thrown) {
    throw fileError(thrown, 'read', path);
  }
}

function readBytes(
  descriptor: number,
  offset: number,
  length: number,
  path: string,
): Buffer<ArrayBuffer> {
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let done = 0; done < length; ) {
    let count: number;
    try {
      count = readSync(descriptor, bytes, done, Math.min(length - done, 2 ** 30), offset + done);
    } catch (thrown) {
      throw new SutureError('DISK', `Could not read ${path}: ${messageOf(thrown)}.`, {
        cause: thrown,
      });
    }
    ensure(count > 0, 'BAD_CHECKPOINT', `${path} became shorter while it was read.`);
    done += count;
  }
  return bytes;
}
