import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { assetPath, type SutureError } from '../../core/index.js';
import { type FunctionPair, functionPairOf } from '../../evaluate/index.js';
import { TextCodec } from '../../text/index.js';
import { type DiffLevel, tokenPairs, tokenSpans } from './tokens.js';

fc.configureGlobal({ seed: 1 });

const codec = TextCodec.load(assetPath('organism'))!;

const pair = (vulnerable: string, secure: string, more: Partial<FunctionPair> = {}) => ({
  id: 'p',
  cwe: 'CWE-787',
  group: 'g',
  language: 'c',
  vulnerable,
  secure,
  request: undefined,
  changes: undefined,
  ...more,
});

/** The text of the changed tokens, run by run. */
function marked(functions: FunctionPair, level: DiffLevel, side: 'vulnerable' | 'secure') {
  const { ids, changed } = tokenPairs(codec, [functions], { level }).pairs[0]![side];
  const runs: number[][] = [];
  for (const [i, id] of ids.entries()) {
    if (!changed[i]) continue;
    if (changed[i - 1]) runs.at(-1)!.push(id);
    else runs.push([id]);
  }
  return runs.map((run) => codec.decode(run));
}

const COPY = pair(
  'void f() {\n    strcpy(a, b);\n    g();\n}',
  'void f() {\n    strlcpy(a, b, 8);\n    g();\n}',
);

it('marks the tokens of changed lines', () => {
  expect(marked(COPY, 'line', 'vulnerable').join('').trim()).toBe('strcpy(a, b);');
  expect(marked(COPY, 'line', 'secure').join('').trim()).toBe('strlcpy(a, b, 8);');
});

it('marks the tokens of changed words', () => {
  expect(marked(COPY, 'char', 'vulnerable').join('|')).toMatch(/^ ?strcpy/);
  expect(marked(COPY, 'char', 'secure').join('|')).toMatch(/strlcpy.*8/);
  expect(marked(COPY, 'char', 'secure').join('|')).not.toMatch(/[fg{}]/);
});

it('mixes them as SVEN does', () => {
  expect(marked(COPY, 'mix', 'vulnerable')).toEqual(marked(COPY, 'line', 'vulnerable'));
  expect(marked(COPY, 'mix', 'secure')).toEqual(marked(COPY, 'char', 'secure'));
});

it('believes a file that says what changed', () => {
  const spans = { line: [{ start: 0, end: 4 }], char: [{ start: 0, end: 4 }] };
  const told = { ...COPY, changes: { vulnerable: spans, secure: spans } };
  for (const level of ['line', 'char'] as const) {
    expect(marked(told, level, 'secure')).toEqual(['void']);
  }
});

it('fills a gap of one token between two, as SafeCoder does', () => {
  const ids = (text: string) => codec.encode(text, { addSpecialTokens: false }).length;
  const one = pair('f(a, b);', 'f(c, d);');
  const { changed } = tokenPairs(codec, [one], { level: 'token' }).pairs[0]!.secure;
  expect(changed).toHaveLength(codec.encode('f(c, d);').length);
  const first = changed.indexOf(true);
  const last = changed.lastIndexOf(true);
  // Between the two names stands one token.
  expect(ids(',')).toBe(1);
  expect(changed.slice(first, last + 1).every(Boolean)).toBe(true);
});

it('marks everything for DeepGuard, but not the request', () => {
  const asked = functionPairOf({
    id: 'p',
    cwe: 'CWE-787',
    base: 'copy',
    form: 'f',
    split: 'derive',
    language: 'c',
    prompts: { insecure: 'i', secure: 's', neutral: 'Write it.' },
    bodies: { insecure: 'strcpy(a, b);', secure: 'strlcpy(a, b, 8);' },
    context: { before: '', after: '' },
  });
  const { pairs } = tokenPairs(codec, [asked], { level: 'all' });
  const { ids, requestLength, changed } = pairs[0]!.secure;
  const request = codec.applyChatTemplate([{ role: 'user', content: 'Write it.' }]);
  expect(ids.slice(0, requestLength)).toEqual(request);
  expect(codec.decode(ids.slice(requestLength))).toBe('strlcpy(a, b, 8);</s>');
  expect(changed).toEqual(ids.map((_, i) => i >= requestLength));
});

it('gives every character a token that covers it, however it is cut into bytes', () => {
  const text = fc
    .array(fc.constantFrom('int ', 'é', '🙂', '\n', '    ', 'xy', '漢', '"%s"'), {
      minLength: 1,
      maxLength: 10,
    })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (whole) => {
      const spans = tokenSpans(codec, codec.encode(whole), whole)!;
      let covered = 0;
      for (const { start, end } of spans) {
        expect(start).toBeLessThanOrEqual(covered);
        covered = Math.max(covered, end);
      }
      expect(covered).toBe(whole.length);
    }),
  );
});

const filler = (n: number) => '    g();\n'.repeat(n);
const LONG = pair(
  `${filler(60)}    strcpy(a, b);\n${filler(60)}`,
  `${filler(60)}    strlcpy(a, b, 8);\n${filler(60)}`,
);

it('slides a window over the change, alike in both functions', () => {
  const { pairs, cuts } = tokenPairs(codec, [LONG], { maxTokens: 40 });
  const { vulnerable, secure } = pairs[0]!;
  expect(cuts.cut).toEqual(['p']);
  for (const { ids } of [vulnerable, secure]) expect(ids).toHaveLength(40);
  expect(codec.decode(vulnerable.ids)).toContain('strcpy(a, b)');
  expect(codec.decode(secure.ids)).toMatch(/strlcpy\(a, b, 8$/);
  const first = secure.changed.indexOf(true);
  expect(vulnerable.ids.slice(0, first)).toEqual(secure.ids.slice(0, first));
  expect(secure.changed.filter(Boolean).length).toBeLessThan(15);
  // A change that is longer than the window begins in it.
  const rewritten = pair(filler(9) + 'a b c\n'.repeat(40), filler(9) + 'x y z\n'.repeat(40));
  const [own] = tokenPairs(codec, [rewritten], { maxTokens: 20 }).pairs;
  expect(own!.secure.changed.indexOf(true)).toBe(5);
});

it('skips or truncates long pairs as DeepGuard does', () => {
  const skipped = tokenPairs(codec, [LONG, COPY], { maxTokens: 40, policy: 'skip' });
  expect(skipped.pairs).toHaveLength(1);
  expect(skipped.cuts.skipped).toEqual(['p']);
  const { pairs, cuts } = tokenPairs(codec, [LONG], { maxTokens: 40, policy: 'truncate' });
  expect(cuts.changeLost).toEqual(['p']);
  expect(pairs[0]!.secure.ids).toEqual(codec.encode(LONG.secure).slice(0, 40));
});

it('leaves out pairs of the same tokens', () => {
  const { pairs, cuts } = tokenPairs(codec, [pair('same', 'same')]);
  expect([pairs, cuts.identical]).toEqual([[], ['p']]);
});

it('refuses a request that leaves no room', () => {
  const asked = pair('a', 'b', { request: 'word '.repeat(30) });
  expect(() => tokenPairs(codec, [asked], { maxTokens: 20 })).toThrow(
    expect.objectContaining({ code: 'BAD_DATA' } satisfies Partial<SutureError>),
  );
});
