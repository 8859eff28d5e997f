import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sutureProcess } from './testing/process.js';

/** `inspect` and `cache` as processes. */
const fixture = fileURLToPath(new URL('../../fixtures/qwen2_tied_bf16/model', import.meta.url));
let dir: string;
let model: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'suture-models-'));
  model = join(dir, 'model');
  cpSync(fixture, model, { recursive: true });
});
afterAll(() => rmSync(dir, { recursive: true }));

const suture = (...args: string[]) => sutureProcess(args, { cwd: dir });

describe('inspect', () => {
  it('describes the model that ships', async () => {
    const { code, out } = await suture('inspect');
    expect(code).toBe(0);
    expect(out).toMatch(/^family +llama$/m);
    expect(out).toMatch(/^stored +f16 [\d.]+ MB in 1 file$/m);
    expect(out).toMatch(/^text +tokenizer, chat template/m);
    for (const dtype of ['f32', 'int8', 'int4'])
      expect(out).toMatch(new RegExp(`^${dtype} .*MB`, 'm'));
    expect(out).toMatch(/GB of [\d.]+ GB are free/);
  });

  it('prints the same as JSON', async () => {
    const { code, out } = await suture('inspect', 'model', '--json');
    expect(code).toBe(0);
    const found = JSON.parse(out);
    expect(found).toMatchObject({ family: 'qwen2', sizes: { nLayers: 4 }, dir: model });
    expect(found.needs.map(({ dtype }: { dtype: string }) => dtype)).toEqual([
      'f32',
      'int8',
      'int4',
    ]);
    expect(found.hooks).toContain('blocks.{i}.hook_resid_post');
  });

  it('names what is not supported, prints the rest, and fails', async () => {
    const other = join(dir, 'other');
    cpSync(fixture, other, { recursive: true });
    const config = JSON.parse(readFileSync(join(other, 'config.json'), 'utf8'));
    writeFileSync(join(other, 'config.json'), JSON.stringify({ ...config, model_type: 'mamba9' }));
    const { code, out, err } = await suture('inspect', 'other');
    expect(code).toBe(1);
    expect(err).toMatch(/model_type "mamba9" is not supported.*UNSUPPORTED/);
    expect(out).toMatch(/^family +mamba9 \(not supported\)$/m);
    expect(out).toMatch(/^parameters +190 k$/m);
    const json = await suture('inspect', 'other', '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out).problem.code).toBe('UNSUPPORTED');
  });
});

describe('cache', () => {
  it('lists what a model left, and prunes it when the model is gone', async () => {
    const empty = await suture('cache');
    expect(empty).toMatchObject({ code: 0, out: `0 files, 0 B in ${join(dir, 'cache')}\n` });
    const made = await suture('generate', '-m', 'model', '--raw', 'x', '--max-tokens', '1');
    expect(made.code).toBe(0);

    const listed = await suture('cache');
    expect(listed.out).toMatch(/^f32 +764 kB {2}just now {3}kept {3}/m);
    expect(listed.out).toContain(model);
    const kept = await suture('cache', 'prune', '--older-than', '30d');
    expect(kept.out).toMatch(/^0 files, 0 B removed/);

    rmSync(model, { recursive: true });
    expect((await suture('cache')).out).toMatch(/model gone/);
    const dry = await suture('cache', 'prune', '--dry-run', '--json');
    expect(JSON.parse(dry.out)).toMatchObject([{ kind: 'f32', sourceExists: false }]);
    expect(readdirSync(join(dir, 'cache', 'f32'))).toHaveLength(1);
    const pruned = await suture('cache', 'prune');
    expect(pruned.out).toMatch(/^1 file, 764 kB removed from/m);
    expect(readdirSync(join(dir, 'cache', 'f32'))).toEqual([]);
    expect(JSON.parse((await suture('cache', '--json')).out)).toEqual([]);
  });

  it.each([
    [['cache', 'prune', '--older-than', '30'], /12h, 30d or 8w/],
    [['cache', 'prun'], /too many arguments/],
    [['pull'], /missing required argument 'model'/],
  ])('%j is a wrong command line', async (args, message) => {
    const { code, err } = await suture(...args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});
