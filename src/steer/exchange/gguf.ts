// Control vectors as GGUF, for llama.cpp, repeng and EasySteer.
//
//   "GGUF", version 3 (u32), number of tensors (u64), of metadata (u64)
//   metadata    name, type (u32), value
//   tensors     name, number of dimensions (u32), dimensions (u64), type (u32), offset (u64)
//   data        each tensor at a multiple of 32 bytes
//
// A text is its length (u64) and its bytes; all little-endian.
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
//
// `general.architecture` is "controlvector"; `direction.{i}`, [d_model] in f32, is added to what comes
// out of block i, counted from 0 (llama.cpp, src/llama-adapter.cpp; repeng, ControlModel).
import { readFileSync, statSync } from 'node:fs';
import { ensure, fileError, SutureError, writeFileAtomic } from '../../core/index.js';
import { type ControlVector, checkDirections, tagged, untagged } from './control-vector.js';

const ALIGNMENT = 32;
/** Types of metadata that are written; all are read. */
const U32 = 4;
const I32 = 5;
const TEXT = 8;
const ARRAY = 9;
/** ggml's number of float32. */
const F32 = 0;
/** A control vector of the largest models is a few MB. */
const LARGEST = 2 ** 28;

/**
 * Writes a control vector.
 *
 * @throws {SutureError} BAD_VECTOR where block 0 has a direction, which llama.cpp refuses; DISK
 */
export function writeGguf(
  path: string,
  { family, directions, texts = {} }: Omit<ControlVector, 'numbersUnsure'>,
): void {
  checkDirections(directions, path);
  ensure(
    !directions.has(0),
    'BAD_VECTOR',
    'The vector acts at block 0, which a GGUF control vector cannot: llama.cpp numbers what it adds from block 1 and refuses the file. Choose other layers with --layers, bake the vector into the model, or derive one at a later block.',
  );
  const metadata = [
    ['general.architecture', text('controlvector')],
    ['controlvector.model_hint', text(family ?? '')],
    ['controlvector.layer_count', u32(directions.size)],
    ...Object.entries(tagged(texts)).map(([name, value]) => [name, text(value)] as const),
  ] as const;
  const types = new Map([['controlvector.layer_count', U32]]);
  const layers = [...directions].sort(([a], [b]) => a - b);
  const parts = [Buffer.from('GGUF'), u32(3), u64(layers.length), u64(metadata.length)];
  for (const [name, value] of metadata) parts.push(text(name), u32(types.get(name) ?? TEXT), value);
  let offset = 0;
  for (const [layer, { length, byteLength }] of layers) {
    parts.push(text(`direction.${layer}`), u32(1), u64(length), u32(F32), u64(offset));
    offset += aligned(byteLength);
  }
  const head = padded(Buffer.concat(parts));
  const data = layers.map(([, { buffer, byteOffset, byteLength }]) =>
    padded(new Uint8Array(buffer, byteOffset, byteLength)),
  );
  writeFileAtomic(path, Buffer.concat([head, ...data]));
}

/**
 * Reads a control vector.
 *
 * @throws {SutureError} NOT_FOUND, DISK; BAD_VECTOR, with the reason, where it is none
 */
export function readGguf(path: string): ControlVector {
  const bytes = new Bytes(path);
  const bad = (why: string) => new SutureError('BAD_VECTOR', `${path}: ${why}`);
  if (bytes.take(4).toString('latin1') !== 'GGUF') throw bad('it is not a GGUF file.');
  const version = bytes.u32();
  if (version !== 2 && version !== 3) throw bad(`GGUF of version ${version} is not supported.`);
  const tensorCount = bytes.count();
  const metadataCount = bytes.count();
  const metadata = new Map<string, unknown>();
  const types = new Map<string, number>();
  for (let i = 0; i < metadataCount; i++) {
    const name = bytes.text();
    const type = bytes.u32();
    types.set(name, type);
    metadata.set(name, bytes.value(type));
  }
  const architecture = metadata.get('general.architecture');
  if (architecture !== 'controlvector') {
    throw bad(`it holds "${architecture}", not a control vector.`);
  }
  const tensors: { name: string; length: number; offset: number }[] = [];
  for (let i = 0; i < tensorCount; i++) {
    const name = bytes.text();
    const dims = Array.from({ length: Math.min(bytes.u32(), 8) }, () => bytes.count());
    const type = bytes.u32();
    const offset = bytes.count();
    if (!name.startsWith('direction.')) continue;
    const [length = 0, ...others] = dims;
    if (others.some((dim) => dim !== 1)) {
      throw bad(`${name} has shape [${dims.join(', ')}]; a direction has one axis.`);
    }
    if (type !== F32) throw bad(`${name} is not in float32, which llama.cpp demands too.`);
    tensors.push({ name, length, offset });
  }
  const alignment = Number(metadata.get('general.alignment') ?? ALIGNMENT);
  if (!(alignment > 0)) throw bad(`its alignment is ${alignment}.`);
  const start = Math.ceil(bytes.at / alignment) * alignment;
  const directions = new Map<number, Float32Array>();
  for (const { name, length, offset } of tensors) {
    const layer = /^direction\.(\d+)$/.exec(name)?.[1];
    if (layer === undefined) throw bad(`${name} names no layer.`);
    if (directions.has(Number(layer))) throw bad(`it holds ${name} twice.`);
    bytes.at = start + offset;
    const data = Buffer.from(bytes.take(4 * length)); // copied: aligned, and nobody else's
    directions.set(
      Number(layer),
      Float32Array.from({ length }, (_, i) => data.readFloatLE(4 * i)),
    );
  }
  checkDirections(directions, path);
  const hint = metadata.get('controlvector.model_hint');
  const texts = untagged(Object.fromEntries(metadata));
  return {
    family: typeof hint === 'string' && hint !== '' ? hint : undefined,
    directions,
    texts,
    // repeng counts unsigned.
    numbersUnsure: !texts && types.get('controlvector.layer_count') === I32,
  };
}

const aligned = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes], aligned(bytes.length));
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([u64(bytes.length), bytes]);
}

/** The bytes of a file from front to back. */
class Bytes {
  readonly #bytes: Buffer;
  readonly #path: string;
  at = 0;

  constructor(path: string) {
    this.#path = path;
    try {
      const { size } = statSync(path);
      ensure(size <= LARGEST, 'BAD_VECTOR', `${path} is too large for a control vector.`);
      this.#bytes = readFileSync(path);
    } catch (thrown) {
      throw fileError(thrown, 'read', path);
    }
  }

  take(count: number): Buffer {
    const end = this.at + count;
    ensure(
      end <= this.#bytes.length,
      'BAD_VECTOR',
      `${this.#path} is truncated or damaged: at byte ${this.at} it should go on for ${count}, and has ${Math.max(0, this.#bytes.length - this.at)}.`,
    );
    const bytes = this.#bytes.subarray(this.at, end);
    this.at = end;
    return bytes;
  }

  u32(): number {
    return this.take(4).readUInt32LE();
  }

  /** A number of things, or of bytes: u64. */
  count(): number {
    return Number(this.take(8).readBigUInt64LE());
  }

  text(): string {
    return this.take(this.count()).toString('utf8');
  }

  value(type: number): unknown {
    switch (type) {
      case 0: // u8
      case 7: // bool
        return this.take(1).readUInt8();
      case 1:
        return this.take(1).readInt8();
      case 2:
        return this.take(2).readUInt16LE();
      case 3:
        return this.take(2).readInt16LE();
      case U32:
        return this.u32();
      case I32:
        return this.take(4).readInt32LE();
      case 6:
        return this.take(4).readFloatLE();
      case TEXT:
        return this.text();
      case ARRAY: {
        const item = this.u32();
        ensure(item !== ARRAY, 'BAD_VECTOR', `${this.#path} holds lists of lists.`);
        const items: unknown[] = [];
        for (let left = this.count(); left > 0; left--) items.push(this.value(item));
        return items;
      }
      case 10:
        return this.count();
      case 11:
        return Number(this.take(8).readBigInt64LE());
      case 12:
        return this.take(8).readDoubleLE();
      default:
        throw new SutureError(
          'BAD_VECTOR',
          `${this.#path} is damaged: its metadata have a value of type ${type}.`,
        );
    }
  }
}
