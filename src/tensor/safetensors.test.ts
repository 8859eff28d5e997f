import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SutureError } from '../core/index.js';
import {
  bf16ToF32,
  f16ToF32,
  f32ToBf16,
  f32ToF16,
  readIntegers,
  readPieces,
  readRaw,
  readSafetensors,
  readSafetensorsHeader,
  readTensor,
  sizeOf,
  streamSafetensors,
  type Tensor,
  tensor,
  writeSafetensors,
} from './index.js';

// The same cases on every run.
fc.configureGlobal({ seed: 1 });

let dir: string;
let path: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'suture-safetensors-'));
  path = join(dir, 'x.safetensors');
});
afterAll(() => rmSync(dir, { recursive: true }));

/** The bytes of a file with this header, as an object or as text, and these data. */
function bytesOf(header: unknown, data: Uint8Array = new Uint8Array(0)): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

/** What reading such a file fails with. */
function failure(bytes: Uint8Array): SutureError {
  writeFileSync(path, bytes);
  try {
    readSafetensors(path);
  } catch (thrown) {
    if (thrown instanceof SutureError) return thrown;
    throw thrown;
  }
  throw new Error('it was read');
}

const bits = ({ dims, data }: Tensor) => [dims, ...new Uint32Array(data.slice().buffer)];

const anyTensor: fc.Arbitrary<Tensor> = fc
  .array(fc.nat(4), { maxLength: 3 })
  .chain((dims) =>
    fc
      .float32Array({ minLength: sizeOf(dims), maxLength: sizeOf(dims) })
      .map((data) => tensor(dims, data)),
  );
const anyName = fc
  .oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('__proto__', '0', 'a"b\\:{', 'constructor'),
  )
  .filter((name) => name !== '__metadata__');
const anyTensors = fc
  .uniqueArray(fc.tuple(anyName, anyTensor), { selector: ([name]) => name, maxLength: 6 })
  .map((items) => new Map(items));
const anyMetadata = fc.dictionary(
  anyName.filter((key) => key !== '__proto__'),
  fc.string(),
);

describe('round trip', () => {
  it('gives back names, shapes, bits and metadata', () => {
    fc.assert(
      fc.property(anyTensors, anyMetadata, (tensors, metadata) => {
        writeSafetensors(path, tensors, { metadata });
        const read = readSafetensors(path);
        expect(new Set(read.keys())).toEqual(new Set(tensors.keys()));
        for (const [name, value] of tensors) expect(bits(read.get(name)!)).toEqual(bits(value));
        expect({ ...readSafetensorsHeader(path).metadata }).toEqual({ ...metadata });
      }),
    );
  });
  it.each([
    { dtype: 'f16', rounded: (x: Float32Array) => f16ToF32(f32ToF16(x)) },
    { dtype: 'bf16', rounded: (x: Float32Array) => bf16ToF32(f32ToBf16(x)) },
  ] as const)('rounds to $dtype', ({ dtype, rounded }) => {
    fc.assert(
      fc.property(anyTensor, (value) => {
        writeSafetensors(path, new Map([['w', value]]), { dtype });
        const entry = readSafetensorsHeader(path).tensors.get('w')!;
        expect(entry.byteLength).toBe(2 * value.data.length);
        expect(readTensor(entry)).toEqual({ dims: value.dims, data: rounded(value.data) });
      }),
    );
  });
  it('begins the data at a multiple of 8, in the order given', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        fc.pre(name !== 'b' && name !== '__metadata__');
        const tensors = new Map([
          [name, tensor([1], Float32Array.of(1))],
          ['b', tensor([1], Float32Array.of(2))],
        ]);
        writeSafetensors(path, tensors);
        const { tensors: entries } = readSafetensorsHeader(path);
        expect(entries.get(name)!.offset % 8).toBe(0);
        expect(entries.get('b')!.offset).toBe(entries.get(name)!.offset + 4);
      }),
    );
  });
  it('writes tensors that are views, and tensors made when they are needed', () => {
    const view = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    const late = { dims: [1, 2], read: () => tensor([1, 2], Float32Array.of(3, 4)) };
    writeSafetensors(
      path,
      new Map<string, Tensor | typeof late>([
        ['view', tensor([2], view)],
        ['late', late],
      ]),
    );
    const read = readSafetensors(path);
    expect(read.get('view')).toEqual({ dims: [2], data: Float32Array.of(1, 2) });
    expect(read.get('late')).toEqual({ dims: [1, 2], data: Float32Array.of(3, 4) });
  });
});

describe('streaming', () => {
  it('writes the same bytes, whatever pieces they come in', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyTensors,
        anyMetadata,
        fc.integer({ min: 1, max: 9 }),
        async (...given) => {
          const [tensors, metadata, size] = given;
          writeSafetensors(path, tensors, { metadata });
          const streamed = new Map(
            [...tensors].map(([name, { dims, data }]) => {
              const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
              async function* pieces() {
                for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
              }
              return [name, { dtype: 'f32', dims, pieces }] as const;
            }),
          );
          const other = join(dir, 'streamed.safetensors');
          await streamSafetensors(other, streamed, metadata);
          expect(readFileSync(other).equals(readFileSync(path))).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });
  it('keeps every element type', async () => {
    const codes = Uint8Array.of(1, 2, 255);
    const tensors = new Map([
      ['codes', { dtype: 'u8', dims: [3], pieces: () => [codes] }] as const,
      ['half', { dtype: 'bf16', dims: [1], pieces: () => [Uint8Array.of(0x80, 0x3f)] }] as const,
    ]);
    await streamSafetensors(path, tensors);
    const { tensors: entries } = readSafetensorsHeader(path);
    expect([...readRaw(entries.get('codes')!)]).toEqual([...codes]);
    expect([...readTensor(entries.get('half')!).data]).toEqual([1]);
  });
  it('refuses pieces that do not fill the shape, or overflow it', async () => {
    for (const bytes of [3, 5]) {
      const a = { dtype: 'u8', dims: [4], pieces: () => [new Uint8Array(bytes)] } as const;
      await expect(streamSafetensors(path, new Map([['a', a]]))).rejects.toMatchObject({
        code: 'BAD_ARGUMENT',
        message: `a has shape [4] of u8 but ${bytes} bytes.`,
      });
    }
  });
  it('reads a tensor back in pieces', () => {
    const value = tensor([1000], Float32Array.from({ length: 1000 }, Math.sin));
    writeSafetensors(path, new Map([['a', value]]));
    const entry = readSafetensorsHeader(path).tensors.get('a')!;
    const pieces = [...readPieces(entry, 48)];
    expect(pieces.map((piece) => piece.length)).toEqual([...Array(83).fill(48), 16]);
    expect(Buffer.concat(pieces).equals(Buffer.from(value.data.buffer))).toBe(true);
  });
});

describe('writing', () => {
  it('leaves what was there, and nothing else, when it fails', () => {
    const own = mkdtempSync(join(dir, 'fail-'));
    const file = join(own, 'v.safetensors');
    writeSafetensors(file, new Map([['a', tensor([1], Float32Array.of(5))]]));
    const before = readFileSync(file);
    const wrong = { dims: [3], data: new Float32Array(2) };
    const late = { dims: [3], read: () => wrong };
    expect(() => writeSafetensors(file, new Map([['a', wrong]]))).toThrow(/shape \[3\] but 2/);
    expect(() => writeSafetensors(file, new Map([['a', late]]))).toThrow(/shape \[3\] but 2/);
    const reserved = new Map([['__metadata__', tensor([0], new Float32Array(0))]]);
    expect(() => writeSafetensors(file, reserved)).toThrow(SutureError);
    expect(readFileSync(file)).toEqual(before);
    expect(readdirSync(own)).toEqual(['v.safetensors']);
  });
  it('names the path it cannot write', () => {
    writeFileSync(path, '');
    expect(() => writeSafetensors(join(path, 'below'), new Map())).toThrow(
      expect.objectContaining({ code: 'DISK', message: expect.stringContaining('below') }),
    );
  });
});

describe('stored types', () => {
  const stored = {
    F64: new Float64Array([1.5, -2]),
    F32: new Float32Array([1.5, -2]),
    F16: new Uint16Array([0x3e00, 0xc000]),
    BF16: new Uint16Array([0x3fc0, 0xc000]),
    I64: new BigInt64Array([7n, -2n]),
    I32: new Int32Array([7, -2]),
    I16: new Int16Array([7, -2]),
    I8: new Int8Array([7, -2]),
    U8: new Uint8Array([7, 254]),
    BOOL: new Uint8Array([1, 0]),
  };
  it.each(Object.entries(stored))('%s is read as f32, raw and as integers', (dtype, values) => {
    const data = new Uint8Array(values.buffer);
    // A byte before it: tensors need not be aligned in the file.
    const header = {
      a: { dtype: 'U8', shape: [1], data_offsets: [0, 1] },
      x: { dtype, shape: [2], data_offsets: [1, 1 + data.length] },
    };
    writeFileSync(path, bytesOf(header, Buffer.concat([Uint8Array.of(0), data])));
    const entry = readSafetensorsHeader(path).tensors.get('x')!;
    const expected = dtype.includes('F')
      ? [1.5, -2]
      : Array.from<number | bigint, number>(values, Number);
    expect(readTensor(entry)).toEqual({ dims: [2], data: Float32Array.from(expected) });
    expect(Buffer.from(readRaw(entry))).toEqual(Buffer.from(data));
    if (dtype.includes('F')) {
      expect(() => readIntegers(entry)).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }));
    } else expect(readIntegers(entry)).toEqual(expected);
  });
  it('integers beyond 2^53 are refused', () => {
    const data = new Uint8Array(new BigInt64Array([2n ** 53n]).buffer);
    writeFileSync(path, bytesOf({ x: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } }, data));
    const entry = readSafetensorsHeader(path).tensors.get('x')!;
    expect(() => readIntegers(entry)).toThrow(/2\^53/);
  });
});

describe('a damaged file', () => {
  const f32 = (shape: number[], begin: number, end: number) => ({
    dtype: 'F32',
    shape,
    data_offsets: [begin, end],
  });
  const huge = Buffer.alloc(16);
  huge.writeBigUInt64LE(2n ** 63n);
  const eight = new Uint8Array(8);
  const entry = JSON.stringify(f32([1], 0, 4));
  it.each([
    ['is empty', Buffer.alloc(0), /8 bytes are missing.*Download it again/],
    ['ends in the length', Buffer.alloc(5), /3 bytes are missing/],
    ['has an absurd header', huge, /does not begin like a safetensors file/],
    [
      'is a Git LFS pointer',
      Buffer.from('version https://git-lfs.github.com/spec/v1\n'),
      /lfs pull/,
    ],
    ['ends in the header', bytesOf({ a: f32([2], 0, 8) }).subarray(0, 20), /bytes are missing/],
    ['ends in the data', bytesOf({ a: f32([4], 0, 16) }, eight), /: 8 bytes are missing/],
    ['has no JSON', bytesOf('{"a":'), /not valid JSON/],
    [
      'has a header that is not UTF-8',
      bytesOf('{"\u007f":0}').fill(0xff, 10, 11),
      /not valid JSON/,
    ],
    ['has a list for a header', bytesOf('[]'), /not a table/],
    ['has null for a header', bytesOf('null'), /not a table/],
    [
      'names a tensor twice',
      bytesOf(`{"a":${entry},"\\u0061" : ${entry}}`, eight),
      /names a twice/,
    ],
    ['has metadata of numbers', bytesOf({ __metadata__: { step: 3 } }), /metadata/],
    ['has an entry without a shape', bytesOf({ a: { dtype: 'F32' } }), /entry of a/],
    ['has a negative shape', bytesOf({ a: f32([-1, -2], 0, 8) }, eight), /entry of a/],
    ['has a negative offset', bytesOf({ a: f32([2], -4, 4) }, eight), /entry of a/],
    ['has backward offsets', bytesOf({ a: f32([2], 8, 0) }, eight), /-8 bytes/],
    [
      'has an unknown type',
      bytesOf({ a: { ...f32([2], 0, 8), dtype: 'F8_E4M3' } }, eight),
      /F8_E4M3/,
    ],
    ['has a shape of another size', bytesOf({ a: f32([3], 0, 8) }, eight), /shape \[3\].*8 bytes/],
    [
      'has tensors that overlap',
      bytesOf({ a: f32([1], 0, 4), b: f32([2], 0, 8) }, eight),
      /overlap/,
    ],
    ['has a gap', bytesOf({ a: f32([1], 4, 8) }, eight), /4 bytes before a belong to no tensor/],
    [
      'has bytes left over',
      bytesOf({ a: f32([1], 0, 4) }, eight),
      /last 4 bytes belong to no tensor/,
    ],
  ])('that %s', (_, bytes, reason) => {
    const error = failure(bytes);
    expect(error.code).toBe('BAD_CHECKPOINT');
    expect(error.message).toContain(path);
    expect(error.message).toMatch(reason);
  });
  it('is not found, or is a folder', () => {
    expect(() => readSafetensorsHeader(join(dir, 'none'))).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
    expect(() => readSafetensorsHeader(dir)).toThrow(SutureError);
  });
  it('became shorter since its header was read', () => {
    writeSafetensors(path, new Map([['a', tensor([4], new Float32Array(4))]]));
    const a = readSafetensorsHeader(path).tensors.get('a')!;
    writeFileSync(path, readFileSync(path).subarray(0, -1));
    expect(() => readTensor(a)).toThrow(expect.objectContaining({ code: 'BAD_CHECKPOINT' }));
  });

  const valid = () => {
    const tensors = new Map([
      ['a.weight', tensor([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6))],
      ['b', tensor([], Float32Array.of(7))],
    ]);
    writeSafetensors(path, tensors, { metadata: { format: 'pt' } });
    return readFileSync(path);
  };
  it('cut off anywhere says how much is missing', () => {
    const whole = valid();
    const dataStart = whole.length - 28;
    for (let length = 0; length < whole.length; length++) {
      const known = length < 8 ? 8 : length < dataStart ? dataStart : whole.length;
      const error = failure(whole.subarray(0, length));
      expect(error.message).toContain(`${known - length} bytes are missing`);
    }
  });
  it('never ends in anything but a SutureError, whatever byte is changed', () => {
    const whole = valid();
    const change = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, mask] of changes) bytes[at]! ^= mask;
        writeFileSync(path, bytes);
        try {
          for (const { dims, data } of readSafetensors(path).values()) {
            expect(data.length).toBe(sizeOf(dims));
          }
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SutureError);
        }
      }),
      { numRuns: 1500 },
    );
  });
  it('never ends in anything but a SutureError, whatever JSON the header is', () => {
    const offsets = fc.array(fc.integer({ min: -4, max: 12 }), { maxLength: 3 });
    const description = fc.record(
      { dtype: fc.constantFrom('F32', 'I8', 'X'), shape: offsets, data_offsets: offsets },
      { requiredKeys: [] },
    );
    const header = fc.oneof(fc.json(), fc.dictionary(fc.string(), description));
    fc.assert(
      fc.property(header, (value) => {
        writeFileSync(path, bytesOf(value, new Uint8Array(8)));
        try {
          const { tensors } = readSafetensorsHeader(path);
          const bytes = [...tensors.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
          expect(bytes).toBe(8);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SutureError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the reference files', () => {
  const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));
  const files = readdirSync(fixtures, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.safetensors'),
  );
  it('are there', () => expect(files.length).toBeGreaterThanOrEqual(10));
  it.each(files)('%s is read whole', (file) => {
    const { tensors } = readSafetensorsHeader(join(fixtures, file));
    expect(tensors.size).toBeGreaterThan(0);
    for (const entry of tensors.values()) {
      const { dims, data } = readTensor(entry);
      expect(data.length).toBe(sizeOf(dims));
      expect(data.every(Number.isFinite)).toBe(true);
      if (entry.dtype === 'i32') expect(readIntegers(entry)).toEqual([...data]);
    }
  });
});
