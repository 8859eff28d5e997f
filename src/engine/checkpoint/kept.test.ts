import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openCheckpoint } from '../../tensor/index.js';
import { copyOf } from '../testing/models.js';
import { inFloat32 } from './convert.js';
import { keptFiles, type PruneOptions, pruneKept } from './kept.js';

const root = mkdtempSync(join(tmpdir(), 'suture-kept-'));
const DAY = 24 * 3_600_000;
let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(root, 'cache-'));
  vi.stubEnv('SUTURE_CACHE', cache);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

/** Converts a copy of a fixture; returns its folder and the kept file. */
async function keep(name: string): Promise<{ dir: string; path: string }> {
  const dir = copyOf(`${name}/model`);
  const [weight] = await inFloat32([...openCheckpoint(dir).values()]);
  return { dir, path: weight!.file };
}
const age = (path: string, days: number) => {
  const then = (Date.now() - days * DAY) / 1000;
  utimesSync(path, then, then);
};
/** What a process began to write; that of a live one is being written. */
function begin(pid: number): string {
  const host = hostname().replace(/[^\w-]/g, '_');
  const path = join(cache, 'int4', `key.safetensors.${host}.${pid}.0badcafe.tmp`);
  mkdirSync(join(cache, 'int4'), { recursive: true });
  writeFileSync(path, 'half');
  return path;
}
const GONE = 2 ** 22 + 1;

describe('the list of what is kept', () => {
  it('is empty where nothing is', () => {
    expect(keptFiles()).toEqual([]);
    expect(pruneKept({ all: true })).toEqual([]);
  });

  it('says of each file what it is, the last used first', async () => {
    const qwen = await keep('qwen2_tied_bf16');
    const mistral = await keep('mistral_sliding_bf16');
    age(mistral.path, 3);
    rmSync(mistral.dir, { recursive: true });
    const writing = begin(process.pid);
    const abandoned = begin(GONE);
    age(writing, 0.0001);
    age(abandoned, 1);
    writeFileSync(join(cache, 'int4', 'damaged.safetensors'), 'x');
    age(join(cache, 'int4', 'damaged.safetensors'), 9);
    const shown = keptFiles().map(({ path, kind, state, model, sourceExists }) => {
      return [path, kind, state, model, sourceExists];
    });
    expect(shown).toEqual([
      [qwen.path, 'f32', 'whole', qwen.dir, true],
      [writing, 'int4', 'writing', 'unknown', false],
      [abandoned, 'int4', 'abandoned', 'unknown', false],
      [mistral.path, 'f32', 'whole', mistral.dir, false],
      [join(cache, 'int4', 'damaged.safetensors'), 'int4', 'whole', 'unknown', false],
    ]);
    expect(keptFiles()[1]!.bytes).toBe(4);
  });
});

describe('pruning', () => {
  async function filled() {
    const used = await keep('qwen2_tied_bf16');
    const old = await keep('llama32_tied_llama3rope_bf16');
    const orphan = await keep('mistral_sliding_bf16');
    rmSync(orphan.dir, { recursive: true });
    age(old.path, 40);
    const names = { [used.path]: 'used', [old.path]: 'old', [orphan.path]: 'orphan' };
    return { ...names, [begin(process.pid)]: 'writing', [begin(GONE)]: 'abandoned' };
  }

  it.each<[PruneOptions, string[]]>([
    [{}, ['abandoned', 'orphan']],
    [{ olderThan: 30 * DAY }, ['abandoned', 'old', 'orphan']],
    [{ olderThan: 50 * DAY }, ['abandoned', 'orphan']],
    [{ all: true }, ['abandoned', 'old', 'orphan', 'used']],
    [{ all: true, dryRun: true }, ['abandoned', 'old', 'orphan', 'used']],
  ])('%j removes %j, and never what is being written', async (options, expected) => {
    const names = await filled();
    const removed = pruneKept(options).map(({ path }) => names[path]);
    expect(removed.sort()).toEqual(expected);
    const left = Object.keys(names).filter((path) => existsSync(path));
    const gone = options.dryRun ? [] : expected;
    expect(left.map((path) => names[path]).sort()).toEqual(
      Object.values(names)
        .filter((name) => !gone.includes(name))
        .sort(),
    );
  });

  it('forgets the hashes of files that have gone or changed', async () => {
    const { dir } = await keep('qwen2_tied_bf16');
    const changed = await keep('llama32_tied_llama3rope_bf16');
    const gone = await keep('mistral_sliding_bf16');
    utimesSync(join(changed.dir, 'model.safetensors'), 1000, 1000);
    rmSync(gone.dir, { recursive: true });
    writeFileSync(join(cache, 'hashes', 'damaged.json'), '{');
    pruneKept();
    expect(readdirSync(join(cache, 'hashes'))).toHaveLength(1);
    const told = vi.fn();
    await inFloat32([...openCheckpoint(dir).values()], { onProgress: told });
    expect(told).not.toHaveBeenCalled();
  });
});
