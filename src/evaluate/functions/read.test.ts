import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { functionPairOf } from './pair.js';
import { cweName, readFunctionPairs } from './read.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'suture-functions-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const write = (name: string, ...rows: unknown[]) => {
  const path = join(dir, name);
  writeFileSync(path, rows.map((row) => JSON.stringify(row)).join('\n'));
  return path;
};

const ROW = {
  func_name: 'f',
  func_src_before: 'x = "🙂"; run(x)\n',
  func_src_after: 'x = "🙂"; run([x])',
  vul_type: 'cwe-78',
  commit_link: 'https://github.com/some/repo/commit/1',
  file_name: 'a/b.PY',
  description: 'Write f.',
  // As Python counts: the smiling face is one character.
  char_changes: {
    deleted: [],
    added: [
      { char_start: 13, char_end: 14, chars: '[' },
      { char_start: 15, char_end: 16, chars: ']' },
    ],
  },
  line_changes: {
    deleted: [{ char_start: 0, char_end: 16 }],
    added: [{ char_start: 0, char_end: 18 }],
  },
};

it('reads rows as they are published, and says which characters changed', () => {
  const path = write('one.jsonl', ROW);
  const [pair] = readFunctionPairs(path);
  expect(pair).toMatchObject({
    id: `${path}:1 f`,
    cwe: 'CWE-078',
    group: 'github.com/some/repo',
    language: 'python',
    request: 'Write f.',
  });
  const { secure, vulnerable } = pair!;
  const texts = (text: string, spans: readonly { start: number; end: number }[]) =>
    spans.map(({ start, end }) => text.slice(start, end));
  expect(texts(secure, pair!.changes!.secure.char)).toEqual(['[', ']']);
  // The file counts a newline here that the function does not have.
  expect(texts(secure, pair!.changes!.secure.line)).toEqual([secure]);
  expect(texts(vulnerable, pair!.changes!.vulnerable.line)).toEqual([vulnerable]);
});

it('does without a commit, changes and descriptions', () => {
  const { commit_link, char_changes, description, file_name, ...rest } = ROW;
  const path = write('bare.jsonl', rest);
  expect(readFunctionPairs(path)[0]).toMatchObject({
    group: `${path}:1 f`,
    language: undefined,
    request: undefined,
    changes: undefined,
  });
});

it('reads rows of one’s own', () => {
  const own = { id: 'a', group: 'g', cwe: '89', request: 'Ask.', vulnerable: 'v', secure: 's' };
  const path = write('own.jsonl', own, { ...ROW });
  expect(readFunctionPairs(path)[0]).toEqual({
    ...own,
    cwe: 'CWE-089',
    language: undefined,
    changes: undefined,
  });
  expect(readFunctionPairs(path)).toHaveLength(2);
});

it.each([
  [{ ...ROW, func_src_after: '' }, /line 1 is not such a pair: func_src_after/],
  [{ id: 'a', group: 'g', secure: 's' }, /line 1 is not such a pair: vulnerable/],
  [
    { ...ROW, line_changes: { deleted: [{ char_start: 3, char_end: 99 }], added: [] } },
    /:1: characters 3 to 99 are said to have changed; the function has 17/,
  ],
])('refuses %j', (row, message) => {
  const path = write('bad.jsonl', row);
  expect(() => readFunctionPairs(path)).toThrow(
    expect.objectContaining({ code: 'BAD_DATA', message: expect.stringMatching(message) }),
  );
});

it('makes pairs of functions of prompt pairs', () => {
  const pair = functionPairOf({
    id: 'p',
    cwe: 'CWE-787',
    base: 'copy',
    form: 'f',
    split: 'derive',
    language: 'c',
    prompts: { insecure: 'i', secure: 's', neutral: 'n' },
    bodies: { insecure: 'strcpy', secure: 'strlcpy' },
    context: { before: '', after: '' },
  });
  expect(pair).toEqual({
    id: 'p',
    cwe: 'CWE-787',
    group: 'copy',
    language: 'c',
    vulnerable: 'strcpy',
    secure: 'strlcpy',
    request: 'n',
    changes: undefined,
  });
});

it('writes weaknesses one way', () => {
  expect(['89', 'cwe-089', 'CWE-787', 'cwe1234'].map(cweName)).toEqual([
    'CWE-089',
    'CWE-089',
    'CWE-787',
    'CWE-1234',
  ]);
});
