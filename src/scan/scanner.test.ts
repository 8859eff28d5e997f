import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Scanner } from './scanner.js';
import { CWES, type Cwe } from './types.js';

const scanner = await Scanner.load();
const judge = (source: string, cwe: Cwe) => scanner.classify(source, Scanner.languageOf(cwe), cwe);

/** Pieces of both languages, so that random text gets deep into the rules. */
const PIECES =
  'void f(char *out, size_t n, const char *s, int i) { } ( ) [ ] ; , = == < <= + - * / % & ! ? : "%s" "a" \'a\' 0 1 64 char buf[64]; buf out n s i sizeof(buf) strlen(s) sprintf snprintf strcpy memcpy printf gets if for while do else switch case return break continue goto x; x: ++ -- += -> . struct #define A A+1\n #include <stdio.h>\n def f(a, b): \n    \n cur.execute f"{a}" % .format os.system subprocess.run shell=True html.escape "<p>" lambda yield import in not and or None True try: except with as match case a b [ for a in b ] { } ** * @ := \\ """ \''
    .split(' ')
    .concat(['\n    ', '\n  ', ' ', '\n', '\u0000', 'é', '😀']);
const fragments = fc
  .array(fc.constantFrom(...PIECES), { maxLength: 40 })
  .map((pieces) => pieces.join(' '));
const WRAPPERS = [
  (text: string) => text,
  (text: string) =>
    `#include <stdio.h>\nvoid f(char *out, size_t n, const char *s) { char buf[64]; ${text} }\n`,
  (text: string) => `import os\ndef f(a, b):\n    ${text}\n`,
];

function expectVerdict(source: string, cwe: Cwe): void {
  const verdict = judge(source, cwe);
  expect(['secure', 'insecure', 'other']).toContain(verdict.outcome);
  expect(verdict.reason).not.toBe('');
  expect(verdict.wellFormed).toBe(verdict.problems.length === 0);
  if (verdict.wellFormed) expect(verdict.parses).toBe(true);
  expect(judge(source, cwe)).toEqual(verdict);
}

describe('Scanner', () => {
  it('judges any text, and the same way each time', () => {
    const text = fc.oneof(
      { weight: 4, arbitrary: fragments },
      fc.string({ unit: 'binary', maxLength: 200 }),
    );
    fc.assert(
      fc.property(text, fc.constantFrom(...WRAPPERS), fc.constantFrom(...CWES), (body, wrap, cwe) =>
        expectVerdict(wrap(body), cwe),
      ),
      { numRuns: 600 },
    );
  });

  it.each([
    [
      'many branches',
      `void f(int a) { char b[8]; ${'if (a) a = 1; else a = g(a);\n'.repeat(40)} b[a] = 1; }`,
    ],
    [
      'nested loops',
      `void f(int n) { ${'for (int i = 0; i < n; i++) {'.repeat(40)}${'}'.repeat(40)} }`,
    ],
    ['nested parentheses', `int a = ${'('.repeat(20000)}`],
    ['a macro of itself', '#define A B\n#define B A\nvoid f(void) { char b[A]; b[A] = 1; }'],
    ['a function of itself', 'def f(a):\n    return f(a) + f(f(a))\n'],
    [
      'nested blocks',
      Array.from({ length: 60 }, (_, depth) => `${' '.repeat(depth)}if a:`).join('\n'),
    ],
    ['a long sum', `def f(a):\n    return ${'a + '.repeat(3000)}a\n`],
    [
      'doubling text',
      `def f(a):\n    s = a\n${'    s = s + s + "<p>"\n'.repeat(60)}    return s\n`,
    ],
    [
      'a list that holds itself',
      'def f(a):\n    x = [a]\n    x.append(x)\n    x += x\n    return "<p>" + "".join(x)\n',
    ],
  ])('ends on %s', (_, source) => {
    for (const cwe of CWES) expectVerdict(source, cwe);
  });

  it('lets one unsafe use outweigh the safe ones', () => {
    const source =
      '#include <stdio.h>\nvoid f(const char *s) {\n  printf("%s", s);\n  printf(s);\n}\n';
    expect(judge(source, 'CWE-134')).toMatchObject({ outcome: 'insecure', line: 4 });
  });

  it('judges what can be read of a text that breaks off, and says that it does not parse', () => {
    const source =
      '#include <stdio.h>\nvoid f(char *out, size_t n, const char *s) {\n  sprintf(out, "%s", s);\n  if (';
    expect(judge(source, 'CWE-787')).toMatchObject({
      outcome: 'insecure',
      parses: false,
      wellFormed: false,
      problems: [expect.stringMatching(/^line \d: syntax error$/)],
    });
  });

  it('finds the function behind others that it calls', () => {
    const source =
      'import os\n\ndef quoted(text):\n    return text\n\ndef run(host):\n    os.system("ping " + quoted(host))\n';
    expect(judge(source, 'CWE-078')).toMatchObject({ outcome: 'insecure', line: 7 });
  });

  it('refuses a weakness of the other language', () => {
    expect(() => scanner.classify('int a;', 'c', 'CWE-089')).toThrow(
      'The scanner looks for CWE-089 in python only, not in c.',
    );
    expect(() => scanner.classify('int a;', 'c', 'CWE-999' as Cwe)).toThrow(
      'does not know CWE-999',
    );
  });

  it('tells whether a source parses', () => {
    expect(scanner.parses('int a;', 'c')).toBe(true);
    expect(scanner.parses('def f(:', 'python')).toBe(false);
  });
});
