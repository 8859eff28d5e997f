import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { SutureError } from '../../core/index.js';
import { readSafetensors, streamSafetensors } from '../../tensor/index.js';
import { derivedFile } from './store.js';

const root = mkdtempSync(join(tmpdir(), 'suture-store-'));
let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(root, 'cache-'));
  vi.stubEnv('SUTURE_CACHE', cache);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

const bytesOf = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
/** Writes one tensor of two values, in two pieces, with `between` them. */
const twoValues = (between: () => unknown = () => {}) =>
  vi.fn(async (path: string) => {
    async function* pieces() {
      yield bytesOf(1);
      await between();
      yield bytesOf(2);
    }
    await streamSafetensors(path, new Map([['a', { dtype: 'f32', dims: [2], pieces }]]));
  });
const make = (write: (path: string) => Promise<void>, signal?: AbortSignal) =>
  derivedFile('f32', 'key', { bytes: 8, signal }, write);
const files = () => (existsSync(join(cache, 'f32')) ? readdirSync(join(cache, 'f32')) : []);
const holdsTwo = (path: string) =>
  expect([...readSafetensors(path).get('a')!.data]).toEqual([1, 2]);
const host = hostname().replace(/[^\w-]/g, '_');
/** Lays down what another process began. */
function begun(owner: string, secondsAgo = 0): string {
  mkdirSync(join(cache, 'f32'), { recursive: true });
  const path = join(cache, 'f32', `key.safetensors.${owner}.0badcafe.tmp`);
  writeFileSync(path, 'half');
  const then = Date.now() / 1000 - secondsAgo;
  utimesSync(path, then, then);
  return path;
}

describe('a file that is derived', () => {
  it('is made once, and its time is that of its last use', async () => {
    const write = twoValues();
    const path = await make(write);
    holdsTwo(path);
    expect(files()).toEqual(['key.safetensors']);
    utimesSync(path, 1000, 1000);
    expect(await make(write)).toBe(path);
    expect(write).toHaveBeenCalledTimes(1);
    expect(Date.now() - statSync(path).mtimeMs).toBeLessThan(60_000);
  });

  it('is made by one of those that want it at once', async () => {
    const write = twoValues(() => new Promise((resolve) => setTimeout(resolve, 50)));
    const paths = await Promise.all([make(write), make(write), make(write)]);
    expect(new Set(paths).size).toBe(1);
    expect(write).toHaveBeenCalledTimes(1);
    expect(files()).toEqual(['key.safetensors']);
  });

  it('is made anew where it is damaged', async () => {
    const path = await make(twoValues());
    for (const damage of ['', 'not a tensor', readFileSync(path).subarray(0, -3)]) {
      writeFileSync(path, damage);
      const write = twoValues();
      holdsTwo(await make(write));
      expect(write).toHaveBeenCalledTimes(1);
    }
  });

  it('is made anew where its beginnings were cleared away meanwhile', async () => {
    let times = 0;
    const write = twoValues(() => {
      if (times++ === 0) for (const name of files()) rmSync(join(cache, 'f32', name));
    });
    holdsTwo(await make(write));
    expect(write).toHaveBeenCalledTimes(2);
    expect(files()).toEqual(['key.safetensors']);
  });
});

describe('what another process began', () => {
  it.each([
    ['a process that is gone', `${host}.${2 ** 22 + 1}`, 0],
    ['a process that stands still', `${host}.${process.ppid}`, 3600],
    ['another machine, long ago', 'elsewhere.1', 3600],
  ])('%s is removed', async (_, owner, secondsAgo) => {
    const old = begun(owner, secondsAgo);
    holdsTwo(await make(twoValues()));
    expect(existsSync(old)).toBe(false);
  });

  it.each([
    ['a process at work', `${host}.${process.ppid}`],
    ['another machine', 'elsewhere.1'],
  ])('%s is waited for', async (_, owner) => {
    const other = begun(owner);
    const write = twoValues();
    const made = make(write);
    setTimeout(() => rmSync(other), 400);
    holdsTwo(await made);
    expect(write).toHaveBeenCalledTimes(1);
    expect(existsSync(other)).toBe(false);
  });

  it('is not waited for after Ctrl-C', async () => {
    const other = begun('elsewhere.1');
    const write = twoValues();
    const made = make(write, AbortSignal.timeout(50));
    await expect(made).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(write).not.toHaveBeenCalled();
    expect(existsSync(other)).toBe(true);
  });
});

describe('a failure', () => {
  const failing = (thrown: unknown) =>
    make(
      twoValues(() => {
        throw thrown;
      }),
    );
  it.each([
    ['ENOSPC', 'disk is full'],
    ['EDQUOT', 'disk is full'],
    ['EIO', 'EIO'],
  ])('of the disk (%s) says where weights are kept, and leaves nothing', async (code, words) => {
    const refused = await failing(Object.assign(new Error(code), { code })).catch((e) => e);
    expect(refused).toBeInstanceOf(SutureError);
    expect(refused).toMatchObject({ code: 'DISK', message: expect.stringContaining(words) });
    expect(refused.message).toMatch(/suture cache prune.*SUTURE_CACHE/);
    expect(files()).toEqual([]);
    holdsTwo(await make(twoValues()));
  });

  it('of another kind is passed on', async () => {
    const thrown = new SutureError('BAD_CHECKPOINT', 'The weight w is not finite.');
    await expect(failing(thrown)).rejects.toBe(thrown);
    expect(files()).toEqual([]);
  });

  it('is foreseen where the disk has no room', async () => {
    const write = twoValues();
    await expect(derivedFile('int8', 'key', { bytes: 1e18 }, write)).rejects.toMatchObject({
      code: 'DISK',
      message: expect.stringMatching(/takes 1000000000\.0 GB, and the disk has [\d.]+ GB left/),
    });
    expect(write).not.toHaveBeenCalled();
    expect(readdirSync(join(cache, 'int8'))).toEqual([]);
  });

  it('of making the folder names it', async () => {
    writeFileSync(join(cache, 'f32'), '');
    await expect(make(twoValues())).rejects.toMatchObject({
      code: 'DISK',
      message: expect.stringContaining(join(cache, 'f32')),
    });
  });
});

describe('processes', () => {
  const built = (path: string) => new URL(`../../../dist/${path}`, import.meta.url).href;
  const fixture = fileURLToPath(
    new URL('../../../fixtures/llama_sharded_biases_bf16/model', import.meta.url),
  );
  /** Runs a module in a process of its own; `npm test` has built what it imports. */
  function run(source: string) {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
      env: { ...process.env, SUTURE_CACHE: cache },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    const ended = new Promise<string>((resolve) => child.on('close', () => resolve(out)));
    const said = (word: string) =>
      new Promise<void>((resolve) => {
        child.stdout.on('data', (data) => {
          out += data;
          if (out.includes(word)) resolve();
        });
      });
    return { child, ended, said };
  }

  it('that convert the same checkpoint at once make one good file', async () => {
    const source = `
      import { openModel } from '${built('engine/checkpoint.js')}';
      const { weights } = await openModel(${JSON.stringify(fixture)});
      console.log([...new Set([...weights.values()].map(({ file }) => file))].join());`;
    const runs = Array.from({ length: 4 }, () => run(source));
    for (const { said } of runs) void said('');
    const outs = await Promise.all(runs.map(({ ended }) => ended));
    expect(new Set(outs).size).toBe(1);
    expect(files()).toHaveLength(1);
    expect(outs[0]!.trim()).toBe(join(cache, 'f32', files()[0]!));
    expect(readSafetensors(outs[0]!.trim()).size).toBeGreaterThan(10);
  });

  it('that are killed while they convert leave nothing that is believed', async () => {
    const { child, ended, said } = run(`
      import { derivedFile } from '${built('engine/checkpoint/store.js')}';
      import { streamSafetensors } from '${built('tensor/index.js')}';
      async function* pieces() {
        yield new Uint8Array(4);
        console.log('half');
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      }
      const tensors = new Map([['a', { dtype: 'f32', dims: [2], pieces }]]);
      await derivedFile('f32', 'key', { bytes: 8 }, (path) => streamSafetensors(path, tensors));`);
    await said('half');
    expect(files()).toEqual([expect.stringMatching(/^key\.safetensors\..*\.tmp$/)]);
    child.kill('SIGKILL');
    await ended;
    holdsTwo(await make(twoValues()));
    expect(files()).toEqual(['key.safetensors']);
  });
});
