import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../core/index.js';
import { suture } from './testing/suture.js';

let dir: string;
let functions: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'suture-cli-guard-'));
  functions = join(dir, 'pairs.jsonl');
  const rows = ['a', 'b', 'c', 'd'].map((name) => ({
    id: name,
    group: name,
    cwe: 'CWE-787',
    vulnerable: `strcpy(${name}, s);`,
    secure: `strlcpy(${name}, s, 8);`,
  }));
  const alike = { ...rows[0], id: 'alike', vulnerable: 'x', secure: 'x' };
  writeFileSync(functions, [...rows, alike].map((row) => JSON.stringify(row)).join('\n'));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** A run under the guard says so, and goes on as if it had not been interrupted. */
async function evaluates(guard: string): Promise<void> {
  const draw = (run: string, ...more: string[]) => {
    const into = ['eval', 'generate', '-o', join(dir, run), '--cwe', 'CWE-787', '--limit', '3'];
    return suture(...into, '-n', '4', '--max-tokens', '32', '-t', '0.9', ...more);
  };
  const samples = (run: string) =>
    readFileSync(join(dir, run, 'samples.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
  const guarded = ['--guard', guard, '--rescore', '4'];
  expect((await draw('plain')).code).toBe(0);
  expect((await draw('guarded', ...guarded)).code).toBe(0);
  expect(samples('guarded')).toHaveLength(12);
  expect(samples('guarded').sort()).not.toEqual(samples('plain').sort());
  const path = join(dir, 'guarded', 'run.json');
  const { guard: recorded } = JSON.parse(readFileSync(path, 'utf8'));
  const hashed = sha256(readFileSync(join(guard, 'guard.safetensors')));
  expect(recorded).toMatchObject({ path: guard, hash: hashed, every: 4 });

  cpSync(join(dir, 'guarded'), join(dir, 'cut'), { recursive: true });
  const kept = samples('guarded').filter((_, at) => at % 2 === 0);
  writeFileSync(join(dir, 'cut', 'samples.jsonl'), `${kept.join('\n')}\n`);
  expect((await draw('cut', ...guarded)).code).toBe(0);
  expect(samples('cut').sort()).toEqual(samples('guarded').sort());

  const other = await draw('guarded', '--guard', guard);
  expect(other.err).toContain('guard.every is 4 there and null now');
  expect((await draw('plain', '--rescore', '4')).err).toContain('say how a guard acts');
  const both = await draw('both', '--guard', guard, '--adapter', guard);
  expect(both).toMatchObject({ code: 2, err: expect.stringContaining('--guard') });
}

describe('suture train guard', () => {
  it('trains on pairs of one’s own, says how it scores others, and generates guided', async () => {
    const out = join(dir, 'guard');
    const train = [
      'train',
      'guard',
      '--variant',
      'paper',
      '--functions',
      functions,
      '--out',
      out,
      '--epochs',
      '1',
    ];
    const settings = [
      '--setting',
      'layers=2',
      '--setting',
      'maxTokens=32',
      '--setting',
      'strength=inverse',
      '--batch',
      '2',
    ];
    const options = ['--validation', '0.25', '--accumulate', '1', '--threads', '1'];
    const { code, out: text } = await suture(...train, ...settings, ...options);
    expect(code).toBe(0);
    expect(text).toMatch(/^3 pairs of 3 groups; 1 of 1 others to validate; 1 left out, both/m);
    expect(text).toMatch(/of the adapter \(q_proj, k_proj, v_proj, o_proj\).*; 2 steps$/m);
    expect(text).toMatch(/^Lowest validation loss \d\.\d{4}, after step 2, which is kept$/m);
    expect(text).toMatch(
      /secure 0\.\d{3}, vulnerable 0\.\d{3}; the secure one is higher in [01] of 1$/m,
    );

    const guided = await suture(
      'generate',
      'Hello',
      '--guard',
      out,
      '--rescore',
      '2',
      '--max-tokens',
      '4',
    );
    expect(guided.code).toBe(0);
    expect(guided.out).toMatch(/Without the guard:\n.*\nWith it \(guard .*\):\n/s);

    await evaluates(out);
  });

  it('trains a guard of Suture’s own, which changes nothing where it does not act', async () => {
    const ordinary = join(dir, 'ordinary.jsonl');
    const tasks = ['add two numbers', 'reverse a list', 'sum a list', 'sort a list'];
    const lines = tasks.map((task) => JSON.stringify({ prompt: `Write a function to ${task}.` }));
    writeFileSync(ordinary, lines.join('\n'));
    const out = join(dir, 'contextual');
    const { code, out: text } = await suture(
      ...['train', 'guard', '--functions', functions, '--ordinary', ordinary, '--out', out],
      ...['--epochs', '1', '--batch', '2', '--accumulate', '1', '--validation', '0.25'],
      ...['--setting', 'budget=0.6', '--setting', 'width=8', '--threads', '1'],
    );
    expect(code).toBe(0);
    expect(text).toMatch(/^3 pairs of 3 groups; 1 of 1 others to validate; 1 left out, both/m);
    expect(text).toMatch(/^It acts where a decision is more likely than \d\.\d{3};/m);
    expect(text).toMatch(/^strength +gain per token/m);
    expect(text).toMatch(/^candidates +blocks\.\d/m);

    const into = ['--guard', out, '--max-tokens', '12'];
    const guided = await suture('generate', 'Hello', ...into, '--guard-strength', '0');
    expect(guided.code).toBe(0);
    const twice = await suture('generate', 'Hello', ...into, '--rescore', '2');
    expect(twice).toMatchObject({ code: 1, err: expect.stringContaining('looks at every token') });

    const run = join(dir, 'contextual-run');
    const evaluated = await suture(
      ...['eval', 'generate', '-o', run, '--cwe', 'CWE-787', '--limit', '1', ...into],
    );
    expect(evaluated.code).toBe(0);
    const { guard } = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'));
    expect(guard).toMatchObject({ path: out, method: 'contextual', scores: 'both' });
  });

  it.each([
    [['--variant', 'code', '--setting', 'hinge=sometimes'], 1, /--setting: .*hinge/s],
    [['--setting', 'beta=0'], 1, /--setting: .*beta/s],
    [
      ['--preset', 'deepguard/seed-coder-8b'],
      1,
      /is for ByteDance-Seed\/Seed-Coder-8B-Base; of organism/,
    ],
    [['--preset', 'deepguard/gpt'], 1, /There is no preset deepguard\/gpt/],
    [['--variant', 'paper', '--no-adapter'], 1, /for the variant contextual/],
    [['--setting', 'colour=1'], 1, /colour/],
    [['--setting', 'hinge'], 2, /like hinge=batch/],
    [['--validation', '1'], 2, /from 0 to below 1/],
    [['--cwe', '89'], 1, /There is no pair of CWE-089/],
  ])('refuses %j', async (options, code, message) => {
    const found = await suture('train', 'guard', '--functions', functions, ...options);
    expect(found.code).toBe(code);
    expect(found.err).toMatch(message);
  });
});
