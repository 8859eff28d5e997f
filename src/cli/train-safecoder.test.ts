import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { suture } from './testing/suture.js';

let dir: string;
let functions: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'suture-cli-safecoder-'));
  functions = join(dir, 'pairs.jsonl');
  const rows = ['a', 'b', 'c'].map((name) => ({
    id: name,
    group: name,
    cwe: 'CWE-787',
    vulnerable: `if (s) system(${name});`,
    secure: `if (s) execv(${name}, s);`,
  }));
  const added = { ...rows[0], id: 'added', vulnerable: 'run(a);', secure: 'run(a); free(a);' };
  writeFileSync(functions, [...rows, added].map((row) => JSON.stringify(row)).join('\n'));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('suture train safecoder', () => {
  it('trains an adapter on pairs and answers of one’s own, which generate and eval take', async () => {
    const utility = join(dir, 'utility.jsonl');
    writeFileSync(utility, JSON.stringify({ prompt: 'Add a and b.', completion: 'return a + b;' }));
    const out = join(dir, 'adapter');
    const given = ['--functions', functions, '--utility', utility, '--oversample', '10'];
    const few = ['--epochs', '1', '--accumulate', '4', '--rank', '2', '--threads', '1'];
    const trained = await suture('train', 'safecoder', ...given, ...few, '--out', out);
    expect(trained).toMatchObject({ code: 0, err: expect.any(String) });
    expect(trained.out).toMatch(
      /^4 pairs of 3 groups; 1 left out of the functions, nothing changed in them$/m,
    );
    expect(trained.out).toMatch(/^10 functions an epoch, 3 of them drawn again; 1 answers$/m);
    expect(trained.out).toMatch(/q_proj.*down_proj\); 3 steps$/m);

    const short = ['--max-tokens', '4'];
    const written = await suture('generate', 'Hello', '--adapter', out, ...short);
    expect(written.code).toBe(0);
    expect(written.out).toMatch(/Without the adapter:\n.*\nWith it \(adapter .*\):\n/s);
    const run = join(dir, 'run');
    const drawn = await suture(
      ...['eval', 'generate', '-o', run, '--cwe', 'CWE-787', '--limit', '1', '-n', '1'],
      ...['--adapter', out, ...short],
    );
    expect(drawn.code).toBe(0);
    expect(JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')).adapter).toBe(out);
  });

  it('takes the organism’s own pairs and tasks where none are named', async () => {
    const out = join(dir, 'own');
    const few = ['--cwe', '787', '--epochs', '1', '--batch', '64', '--accumulate', '1'];
    const small = ['--rank', '1', '--threads', '1', '--json', '--seed', '3'];
    const { code, out: text } = await suture('train', 'safecoder', ...few, ...small, '-o', out);
    expect(code).toBe(0);
    const figures = JSON.parse(text);
    expect(figures.pairs).toBe(84);
    expect(figures.samples.utility).toBe(84);
    expect(existsSync(join(out, 'adapter_config.json'))).toBe(true);
  });

  it.each([
    [['--kl', '-1'], 2, /0 or more/],
    [['--oversample', 'all'], 2, /whole number/],
    [['--utility', 'nowhere.jsonl'], 1, /nowhere/],
  ])('refuses %j', async (options, code, message) => {
    const found = await suture('train', 'safecoder', '--functions', functions, ...options);
    expect(found.code).toBe(code);
    expect(found.err).toMatch(message);
  });
});
