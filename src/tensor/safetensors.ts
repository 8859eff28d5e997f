import { randomBytes } from 'node:crypto';
import {
  closeSync,
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
const headerSchema = z.record(z.string(), z.unknown());
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
    if (size < 8) throw bad(`it has ${size} bytes and cannot be a safetensors file.`);
    const length = Number(readBytes(descriptor, 0, 8, path).readBigUInt64LE(0));
    if (length > MAX_HEADER) throw bad('it does not begin like a safetensors file.');
    if (8 + length > size) {
      throw bad(
        `it is truncated: the header alone has ${length} bytes, the file ${size}. Download it again.`,
      );
    }
    const json = parseHeader(readBytes(descriptor, 8, length, path).toString('utf8'), bad);
    const metadata = metadataSchema.safeParse(json.__metadata__ ?? {});
    if (!metadata.success) throw bad('its metadata are not texts.');

    const tensors = new Map<string, TensorEntry>();
    for (const [name, value] of Object.entries(json)) {
      if (name === '__metadata__') continue;
      const parsed = tensorHeader.safeParse(value);
      if (!parsed.success) throw bad(`the entry of ${name} is malformed.`);
      const { dtype: dtypeName, shape, data_offsets } = parsed.data;
      const dtype = DTYPES[dtypeName];
      if (!dtype) throw bad(`${name} has the element type ${dtypeName}, which is not supported.`);
      const [begin, end] = data_offsets;
      if (end - begin !== sizeOf(shape) * BYTES[dtype]) {
        throw bad(
          `${name} has shape [${shape.join(', ')}] of ${dtypeName} but ${end - begin} bytes.`,
        );
      }
      const offset = 8 + length + begin;
      const byteLength = end - begin;
      if (offset + byteLength > size) {
        throw bad(
          `it is truncated: ${name} ends ${offset + byteLength - size} bytes after the file does. Download it again.`,
        );
      }
      tensors.set(name, { name, dtype, dims: shape, file, offset, byteLength });
    }
    checkOverlap([...tensors.values()], bad);
    return { metadata: metadata.data, tensors };
  } finally {
    closeSync(descriptor);
  }
}

function parseHeader(text: string, bad: (why: string) => SutureError): Record<string, unknown> {
  try {
    return headerSchema.parse(JSON.parse(text));
  } catch (thrown) {
    throw new SutureError('BAD_CHECKPOINT', bad('its header is not valid JSON.').message, {
      cause: thrown,
    });
  }
}

function checkOverlap(entries: TensorEntry[], bad: (why: string) => SutureError): void {
  const inOrder = entries.filter((e) => e.byteLength > 0).sort((a, b) => a.offset - b.offset);
  for (const [i, entry] of inOrder.entries()) {
    const next = inOrder[i + 1];
    if (next && next.offset < entry.offset + entry.byteLength) {
      throw bad(`${entry.name} and ${next.name} overlap.`);
    }
  }
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
 * @throws {SutureError} DISK; what was there before is unchanged
 */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor | { dims: number[]; read: () => Tensor }>,
  { dtype = 'f32', metadata }: WriteOptions = {},
): void {
  const encode = { f32: (x: Float32Array) => x, f16: f32ToF16, bf16: f32ToBf16 }[dtype];
  const header: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  let end = 0;
  for (const [name, { dims }] of tensors) {
    const begin = end;
    end += sizeOf(dims) * BYTES[dtype];
    header[name] = { dtype: dtype.toUpperCase(), shape: dims, data_offsets: [begin, end] };
  }
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, ' ');
  json.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));

  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    const descriptor = openSync(temporary, 'wx');
    try {
      writeAll(descriptor, length);
      writeAll(descriptor, padded);
      for (const item of tensors.values()) {
        const { data } = 'read' in item ? item.read() : item;
        const { buffer, byteOffset, byteLength } = encode(data);
        writeAll(descriptor, new Uint8Array(buffer, byteOffset, byteLength));
      }
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (thrown) {
    rmSync(temporary, { force: true });
    throw fileError(thrown, 'write', path);
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

function readBytes(descriptor: number, offset: number, length: number, path: string): Buffer {
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
