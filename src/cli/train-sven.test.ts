import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../core/index.js';
import { suture } from './testing/suture.js';

let dir: string;
let functions: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'suture-cli-sven-'));
  functions = join(dir, 'pairs.jsonl');
  const rows = ['a', 'b', 'c'].map((name) => ({
    id: name,
    group: name,
    cwe: 'CWE-787',
    vulnerable: `int n = 8;\nstrcpy(${name}, s);`,
    secure: `int n = 8;\nstrlcpy(${name}, s, n);`,
  }));
  const added = { ...rows[0], id: 'added', vulnerable: 'run(a);\n', secure: 'run(a);\nfree(a);\n' };
  writeFileSync(functions, [...rows, added].map((row) => JSON.stringify(row)).join('\n'));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('suture train sven', () => {
  it('trains prefixes on pairs of one’s own, which generate and eval take', async () => {
    const out = join(dir, 'prefix');
    const few = ['--epochs', '2', '--accumulate', '1', '--length', '3', '--threads', '1'];
    const given = ['--functions', functions, '--rate', '0.3', '--out', out];
    const trained = await suture('train', 'sven', ...given, ...few);
    expect(trained).toMatchObject({ code: 0, err: expect.any(String) });
    expect(trained.out).toMatch(
      /^4 pairs of 3 groups; 1 left out of the functions, nothing changed in them$/m,
    );
    expect(trained.out).toMatch(
      /^7 functions an epoch; .* of two prefixes of 3 tokens; 14 steps$/m,
    );

    const short = ['--max-tokens', '8'];
    const under = ['--prefix', out, '--control', 'secure'];
    const written = await suture('generate', 'Hello', ...under, ...short);
    expect(written.code).toBe(0);
    expect(written.out).toMatch(/Without the prefix:\n.*\nWith it \(prefix .*, secure\):\n/s);
    const draw = async (name: string, ...more: string[]) => {
      const into = ['eval', 'generate', '-o', join(dir, name), '--cwe', 'CWE-787'];
      const drawn = await suture(...into, '--limit', '2', '-n', '2', ...short, ...more);
      expect(drawn.code).toBe(0);
      const read = (file: string) => readFileSync(join(dir, name, file), 'utf8');
      return { samples: read('samples.jsonl'), about: JSON.parse(read('run.json')) };
    };
    const plain = await draw('plain');
    const secure = await draw('secure', '--prefix', out);
    const vulnerable = await draw('vulnerable', '--prefix', out, '--control', 'vulnerable');
    const hash = sha256(readFileSync(join(out, 'prefix.safetensors')));
    expect(secure.about.prefix).toEqual({ path: out, hash, control: 'secure' });
    expect(vulnerable.about.prefix.control).toBe('vulnerable');
    expect(plain.about.prefix).toBeUndefined();
    expect(new Set([plain, secure, vulnerable].map(({ samples }) => samples)).size).toBe(3);
  });

  it.each([
    [['train', 'sven', '--length', '0'], 2, /at least 1/],
    [['train', 'sven', '--contrastive', '-1'], 2, /0 or more/],
    [['generate', 'Hello', '--control', 'secure'], 1, /no prefix to choose from/],
    [['generate', 'Hello', '--prefix', 'a', '--adapter', 'b'], 2, /--prefix/],
    [['generate', 'Hello', '--prefix', 'nowhere'], 1, /nowhere/],
  ])('refuses %j', async (options, code, message) => {
    const found = await suture(...options);
    expect(found.code).toBe(code);
    expect(found.err).toMatch(message);
  });
});
