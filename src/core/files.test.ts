import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { assetPath, readJson, readText, SutureError, sha256, writeFileAtomic } from './index.js';

vi.mock('node:fs', async (original) => {
  const actual = await original<typeof fs>();
  return {
    ...actual,
    writeFileSync: vi.fn(actual.writeFileSync),
    renameSync: vi.fn(actual.renameSync),
    rmSync: vi.fn(actual.rmSync),
  };
});

const mocked = [vi.mocked(fs.writeFileSync), vi.mocked(fs.renameSync), vi.mocked(fs.rmSync)];
const actual = mocked.map((mock) => mock.getMockImplementation()!);
const failing = (code: string) => () => {
  throw Object.assign(new Error(`${code}: from the system`), { code });
};

let dir: string;
let path: string;
beforeEach(() => {
  dir = fs.mkdtempSync(join(tmpdir(), 'suture-files-'));
  path = join(dir, 'f.txt');
});
const restore = () => {
  for (const [i, mock] of mocked.entries()) mock.mockImplementation(actual[i]! as never);
};
afterEach(() => {
  restore();
  fs.rmSync(dir, { recursive: true });
});
afterAll(() => vi.restoreAllMocks());

/** What is thrown, which must be a SutureError. */
function refusal(run: () => unknown): SutureError {
  try {
    run();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(SutureError);
    return thrown as SutureError;
  }
  throw new Error('nothing was refused');
}

describe('writeFileAtomic', () => {
  it('writes text and bytes, makes folders, and leaves nothing beside the file', () => {
    const deep = join(dir, 'a', 'b', 'f.bin');
    writeFileAtomic(deep, 'é');
    expect(readText(deep)).toBe('é');
    writeFileAtomic(deep, Uint8Array.of(1, 2));
    expect([...fs.readFileSync(deep)]).toEqual([1, 2]);
    expect(fs.readdirSync(join(dir, 'a', 'b'))).toEqual(['f.bin']);
  });

  it('keeps the old file when the disk fills while it is written', () => {
    writeFileAtomic(path, 'old');
    mocked[0]!.mockImplementation(((file: string) => {
      (actual[0] as typeof fs.writeFileSync)(file, 'ne'); // a part got there
      failing('ENOSPC')();
    }) as never);
    const { code, message, cause } = refusal(() => writeFileAtomic(path, 'new'));
    expect(code).toBe('DISK');
    expect(message).toContain(path);
    expect(message).toMatch(/disk is full. Free some space/);
    expect(cause).toMatchObject({ code: 'ENOSPC' });
    expect(readText(path)).toBe('old');
    expect(fs.readdirSync(dir)).toEqual(['f.txt']);
  });

  it('keeps the old file when the new one cannot take its name', () => {
    writeFileAtomic(path, 'old');
    mocked[1]!.mockImplementation(failing('EPERM') as never);
    expect(refusal(() => writeFileAtomic(path, 'new')).message).toMatch(/permission denied/);
    expect(readText(path)).toBe('old');
    expect(fs.readdirSync(dir)).toEqual(['f.txt']);
  });

  it('tells the first failure, not that of clearing up after it', () => {
    mocked[0]!.mockImplementation(failing('ENOSPC') as never);
    mocked[2]!.mockImplementation(failing('EIO') as never);
    expect(refusal(() => writeFileAtomic(path, 'new')).message).toMatch(/disk is full/);
    restore();
  });

  it.each([
    ['f.txt/g.txt', 'a part of this path is a file'],
    ['f.txt/g/h.txt', 'a part of this path is a file'],
  ])('names %s, under a file', (below, words) => {
    writeFileAtomic(path, 'old');
    const { code, message } = refusal(() => writeFileAtomic(join(dir, below), 'new'));
    expect(code).toBe('DISK');
    expect(message).toContain(join(dir, below));
    expect(message).toContain(words);
    expect(readText(path)).toBe('old');
  });

  it('does not replace a folder', () => {
    fs.mkdirSync(join(dir, 'd'));
    const { code, message } = refusal(() => writeFileAtomic(join(dir, 'd'), 'new'));
    expect(code).toBe('DISK');
    expect(message).toContain(join(dir, 'd'));
    expect(fs.readdirSync(dir)).toEqual(['d']);
  });
});

describe('reading', () => {
  it('names what is not there, is a folder, or lies under a file', () => {
    expect(refusal(() => readText(path))).toMatchObject({
      code: 'NOT_FOUND',
      message: `Could not read ${path}: no such file or folder.`,
    });
    expect(refusal(() => readText(dir))).toMatchObject({ code: 'DISK' });
    writeFileAtomic(path, '');
    const below = refusal(() => readText(join(path, 'g.txt')));
    expect(below.message).toMatch(/a part of this path is a file/);
  });

  it('JSON may begin with a byte-order mark and end its lines as Windows does', () => {
    writeFileAtomic(path, '\uFEFF{"a": 1,\r\n"b": "\uFEFF"}\r\n');
    expect(readJson(path)).toEqual({ a: 1, b: '\uFEFF' });
  });

  it.each([
    ['{"a": 1', /JSON/],
    ['', /end of JSON/],
    ['\uFEFF\uFEFF1', /JSON/],
    ['{"a": nul}', /JSON/],
  ])('malformed JSON %j names the file', (text, words) => {
    writeFileAtomic(path, text);
    const { code, message, cause } = refusal(() => readJson(path));
    expect(code).toBe('BAD_DATA');
    expect(message).toContain(`${path} is not valid JSON`);
    expect(message).toMatch(words);
    expect(cause).toBeInstanceOf(SyntaxError);
  });
});

it('sha256 is that of the standard, for text and for its bytes', () => {
  // FIPS 180-2, appendix B.1.
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  expect(sha256('abc')).toBe(abc);
  expect(sha256(new TextEncoder().encode('abc'))).toBe(abc);
});

it('assetPath leads to what ships with the package', () => {
  expect(fs.existsSync(assetPath('grammars', 'tree-sitter-c.wasm'))).toBe(true);
});
