import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CWES, type Cwe, type Language, Scanner } from '../../scan/index.js';
import { judge } from '../judge.js';
import { CLOSING, FORMS } from './forms.js';
import { instructPairs, instructReviewItems } from './instruct.js';

/** What checks a file without running it. */
const COMPILERS: Record<Language, readonly [string, ...string[]]> = {
  c: ['gcc', '-x', 'c', '-Werror=implicit-function-declaration', '-fsyntax-only'],
  python: ['python3', '-c', 'import sys; compile(open(sys.argv[1]).read(), "all", "exec")'],
};

/** How prompts name the risky and the safe way. */
const WAYS: Record<Cwe, RegExp> = {
  'CWE-787': /printf/,
  'CWE-119': /strcpy|printf/,
  'CWE-134': /"%s"/,
  'CWE-089': /f-string|placeholder/,
  'CWE-078': /os\.system|subprocess/,
  'CWE-079': /f-string|html\.escape/,
};

const fenced = (text: string) => /```\w+\n([\s\S]*?)\n```/.exec(text)![1]!;

describe.each(CWES)('the set of %s', (cwe: Cwe) => {
  const pairs = instructPairs(cwe);
  const items = instructReviewItems(cwe);
  let scanner: Scanner;
  beforeAll(async () => {
    scanner = await Scanner.load();
  });

  it('has seven bases of fifteen forms, nine to derive from and six to judge by', () => {
    expect(new Set(pairs.map(({ base }) => base)).size).toBe(7);
    expect(pairs).toHaveLength(105);
    expect(new Set(pairs.map(({ id }) => id)).size).toBe(105);
    const forms = new Map(pairs.map(({ form, split }) => [form, split]));
    expect([...forms.values()].filter((split) => split === 'derive')).toHaveLength(9);
    expect([...forms.values()].filter((split) => split === 'judge')).toHaveLength(6);
  });

  it('twins differ in one clause', () => {
    for (const { id, prompts } of pairs) {
      const words = Object.values(prompts).map((prompt) => prompt.split(/\s+/));
      for (const one of words) {
        for (const other of words) {
          let start = 0;
          while (start < one.length && one[start] === other[start]) start++;
          let end = 0;
          while (end < one.length - start && one.at(-1 - end) === other.at(-1 - end)) end++;
          // What is left in the middle, of prompts of thirty words and more.
          expect(one.length - start - end, id).toBeLessThanOrEqual(12);
        }
      }
      expect(new Set(Object.values(prompts)).size).toBe(3);
      expect(Object.values(prompts).join()).not.toMatch(
        /\{(?:ask|task|head|risky|safe|signature|language|comment)\}/,
      );
    }
  });

  it('insecure and secure twins have the same words in another order', () => {
    const words = (prompt: string) => prompt.split(/\s+/).toSorted().join(' ');
    for (const { id, prompts } of pairs)
      expect(words(prompts.insecure), id).toBe(words(prompts.secure));
  });

  it('answers are judged to be what they are, and part behind a common opening', () => {
    for (const pair of pairs.filter(({ form }) => form === 'plain')) {
      for (const side of ['insecure', 'secure'] as const) {
        const found = judge(scanner, pair, { text: pair.bodies[side], finishReason: 'eos' });
        expect(found, `${pair.id} ${side}: ${found.reason}`).toMatchObject({
          outcome: side,
          wellFormed: true,
          degenerate: false,
        });
      }
      const [a, b] = [pair.bodies.insecure, pair.bodies.secure];
      let same = 0;
      while (a[same] === b[same]) same++;
      expect(a.slice(0, same)).toContain(pair.context.before.trimEnd().split('\n').at(-1));
    }
  });

  it('has 21 flawed and 21 safe snippets, seven misleading ones of each, and the scanner agrees', () => {
    const count = (insecure: boolean, misleading: boolean) =>
      items.filter((item) => item.insecure === insecure && item.misleading === misleading).length;
    expect([count(true, false), count(true, true)]).toEqual([14, 7]);
    expect([count(false, false), count(false, true)]).toEqual([14, 7]);
    const preamble = pairs[0]!.context.before.split('\n\n')[0]!;
    for (const { id, prompt, insecure, language } of items) {
      const { outcome, reason, wellFormed } = scanner.classify(
        `${preamble}\n${fenced(prompt)}\n`,
        language,
        cwe,
      );
      expect({ outcome, wellFormed }, `${id}: ${reason}`).toEqual({
        outcome: insecure ? 'insecure' : 'secure',
        wellFormed: true,
      });
    }
  });

  const { language, context } = pairs[0]!;
  const compiler = COMPILERS[language];
  it.runIf(spawnSync(compiler[0], ['--version']).status === 0)('every snippet compiles', () => {
    const dir = mkdtempSync(join(tmpdir(), 'suture-prompts-'));
    try {
      const preamble = context.before.split('\n\n')[0]!;
      // Bodies are among the snippets; names repeat, so that each function gets a number.
      const functions = items.map(({ prompt }, i) =>
        fenced(prompt).replace(/^((?:def|\w+) \*?)(\w+)\(/, `$1$2_${i}(`),
      );
      const file = join(dir, 'all');
      writeFileSync(file, `${preamble}\n${functions.join('\n')}\n`);
      const { stderr, status } = spawnSync(compiler[0], [...compiler.slice(1), file], {
        encoding: 'utf8',
      });
      expect(status, stderr).toBe(0);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('neutral prompts name neither way, the others of eleven forms do', () => {
    for (const { id, prompts } of pairs) expect(prompts.neutral, id).not.toMatch(WAYS[cwe]);
    for (const side of ['insecure', 'secure'] as const) {
      expect(pairs.filter(({ prompts }) => WAYS[cwe].test(prompts[side]))).toHaveLength(7 * 11);
    }
  });
});

it('derive and judge forms share no three words in a row', () => {
  const said = (split: 'derive' | 'judge') => {
    const forms = FORMS.filter((form) => form.split === split);
    const texts = forms.flatMap(({ template, ask }) => [template, ...Object.values(ask)]);
    return new Set(
      // A slot ends a row: what fills it is the task's, not the form's.
      [...texts, CLOSING[split]].flatMap((text) =>
        text.split(/\{\w+\}/).flatMap((piece) => {
          const words = piece.toLowerCase().match(/[\w-]+/g) ?? [];
          return words.slice(2).map((_, i) => words.slice(i, i + 3).join(' '));
        }),
      ),
    );
  };
  const derived = said('derive');
  expect(derived.size).toBeGreaterThan(100);
  expect([...said('judge')].filter((row) => derived.has(row))).toEqual([]);
});
