import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPromptPairs, readSvenPairs } from './files.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'suture-probe-files-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const write = (name: string, ...rows: unknown[]) => {
  const path = join(dir, name);
  writeFileSync(
    path,
    rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n'),
  );
  return path;
};

const PROMPTS = {
  id: 'login/1',
  base: 'login',
  cwe: 'cwe-89',
  prompts: { insecure: 'with an f-string', secure: 'with parameters', neutral: 'anyhow' },
  bodies: { insecure: 'execute(f"")', secure: 'execute("", ())' },
  form: 'left alone',
};

it('reads prompt pairs, with bodies or without', () => {
  const { bodies, cwe, ...bare } = PROMPTS;
  const path = write('pairs.jsonl', `\uFEFF${JSON.stringify(PROMPTS)}`, '', bare, '');
  const pair = {
    id: 'login/1',
    group: 'login',
    kind: 'prompt',
    vulnerable: 'with an f-string',
    secure: 'with parameters',
  };
  expect(readPromptPairs(path)).toEqual([
    {
      cwe: 'CWE-089',
      pair: { ...pair, bodies: { vulnerable: 'execute(f"")', secure: 'execute("", ())' } },
    },
    { cwe: undefined, pair },
  ]);
});

it.each([
  ['{"id":', /line 2 is not valid JSON/],
  [{ ...PROMPTS, base: '' }, /line 2 is not such a pair: base/],
  [{ ...PROMPTS, prompts: { insecure: 'x' } }, /line 2 .*prompts\.secure/],
  ['[]', /line 2 is not such a pair/],
])('refuses %j and names the line', (row, message) => {
  const path = write('bad.jsonl', PROMPTS, row);
  expect(() => readPromptPairs(path)).toThrow(
    expect.objectContaining({ code: 'BAD_DATA', message: expect.stringMatching(message) }),
  );
});

it('reads functions as SVEN lays them out: every file below, grouped by repository', () => {
  mkdirSync(join(dir, 'sven', 'val'), { recursive: true });
  const row = (commit: string, type: string) => ({
    func_name: 'f',
    func_src_before: 'a',
    func_src_after: 'b',
    commit_link: commit,
    vul_type: type,
  });
  write(
    'sven/one.jsonl',
    row('github.com/x/y/commit/1', 'cwe-089'),
    row('https://github.com/x/y/commit/2', 'cwe-089'),
  );
  const other = write('sven/val/two.jsonl', row('github.com/x/z/commit/1', 'cwe-125'));
  write('sven/readme.txt', 'not a row');
  const found = readSvenPairs(join(dir, 'sven'));
  expect(found.map(({ cwe }) => cwe)).toEqual(['CWE-089', 'CWE-089', 'CWE-125']);
  expect(found.map(({ pair }) => pair.group)).toEqual([
    'github.com/x/y',
    'github.com/x/y',
    'github.com/x/z',
  ]);
  expect(found[2]!.pair).toEqual({
    id: `${other}:1 f`,
    group: 'github.com/x/z',
    kind: 'function',
    vulnerable: 'a',
    secure: 'b',
  });
});

it('says what is missing', () => {
  mkdirSync(join(dir, 'empty'));
  expect(() => readSvenPairs(join(dir, 'empty'))).toThrow(
    expect.objectContaining({ code: 'NOT_FOUND' }),
  );
  expect(() => readSvenPairs(join(dir, 'nowhere'))).toThrow(
    expect.objectContaining({ code: 'NOT_FOUND' }),
  );
  expect(() => readPromptPairs(join(dir, 'nowhere'))).toThrow(
    expect.objectContaining({ code: 'NOT_FOUND' }),
  );
});
