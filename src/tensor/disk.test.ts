import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it, type Mock, vi } from 'vitest';
import { readSafetensors, streamSafetensors, tensor, writeSafetensors } from './index.js';

vi.mock('node:fs', async (original) => {
  const actual = await original<typeof fs>();
  return { ...actual, writeSync: vi.fn(actual.writeSync), renameSync: vi.fn(actual.renameSync) };
});

const dir = fs.mkdtempSync(join(tmpdir(), 'suture-disk-'));
const path = join(dir, 'v.safetensors');
const old = new Map([['a', tensor([2], Float32Array.of(1, 2))]]);
const fresh = new Map([
  ['a', tensor([3], Float32Array.of(7, 8, 9))],
  ['b', tensor([1], Float32Array.of(5))],
]);
const failure = (code: string) => Object.assign(new Error(`${code}: from the system`), { code });
type Write = (file: number, bytes: Uint8Array, offset: number, length: number) => number;
const mockedWrite = fs.writeSync as unknown as Mock<Write>;
const writeSync = mockedWrite.getMockImplementation()!;
const renameSync = vi.mocked(fs.renameSync).getMockImplementation()!;

beforeEach(() => writeSafetensors(path, old));
afterEach(() => {
  mockedWrite.mockImplementation(writeSync);
  vi.mocked(fs.renameSync).mockImplementation(renameSync);
});
afterAll(() => fs.rmSync(dir, { recursive: true }));

/** The disk takes so many bytes, in pieces of `piece`, and then fails. */
function diskOf(capacity: number, code: string, piece = Number.POSITIVE_INFINITY): void {
  let left = capacity;
  mockedWrite.mockImplementation((file, bytes, offset, length) => {
    const count = Math.min(length, piece, left);
    if (count === 0) throw failure(code);
    left -= count;
    return writeSync(file, bytes, offset, count);
  });
}

const size = () => {
  writeSafetensors(join(dir, 'whole'), fresh);
  const { size: bytes } = fs.statSync(join(dir, 'whole'));
  fs.rmSync(join(dir, 'whole'));
  return bytes;
};

it('a disk that is full, at whatever byte, leaves the old file and nothing else', () => {
  for (let capacity = 0; capacity < size(); capacity += 5) {
    diskOf(capacity, 'ENOSPC');
    expect(() => writeSafetensors(path, fresh)).toThrow(
      expect.objectContaining({
        code: 'DISK',
        message: expect.stringMatching(/v\.safetensors: the disk is full\. Free some space/),
      }),
    );
    mockedWrite.mockImplementation(writeSync);
    expect(readSafetensors(path)).toEqual(old);
    expect(fs.readdirSync(dir)).toEqual(['v.safetensors']);
  }
});

it('a disk that fills while a file is streamed is named', async () => {
  const pieces = () => [new Uint8Array(40)];
  const streamed = new Map([['a', { dtype: 'f32', dims: [10], pieces } as const]]);
  diskOf(100, 'ENOSPC');
  await expect(streamSafetensors(path, streamed)).rejects.toMatchObject({
    code: 'DISK',
    message: expect.stringMatching(/v\.safetensors: the disk is full/),
  });
});

it('a disk that takes few bytes at a time gets them all', () => {
  diskOf(Number.POSITIVE_INFINITY, 'ENOSPC', 3);
  writeSafetensors(path, fresh);
  expect(readSafetensors(path)).toEqual(fresh);
});

it.each([
  ['EDQUOT', 'the disk is full'],
  ['EACCES', 'permission denied (EACCES)'],
  ['EIO', 'EIO: from the system'],
])('%s while writing or renaming is named', (code, words) => {
  const failing = () => {
    expect(() => writeSafetensors(path, fresh)).toThrow(
      expect.objectContaining({ code: 'DISK', message: expect.stringContaining(words) }),
    );
    expect(fs.readdirSync(dir)).toEqual(['v.safetensors']);
  };
  diskOf(20, code);
  failing();
  mockedWrite.mockImplementation(writeSync);
  vi.mocked(fs.renameSync).mockImplementation(() => {
    throw failure(code);
  });
  failing();
  expect(readSafetensors(path)).toEqual(old);
});
