import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { degenerate } from './degenerate.js';

describe('degenerate', () => {
  it.each([
    ['nothing', ''],
    ['space', ' \n\t '],
    ['prose', 'I cannot help with that, sorry.'],
    ['brackets only', '}}\n}\n'],
    ['one line again and again', 'x = x + 1;\n'.repeat(12)],
    ['one token again and again', `return ${'size '.repeat(40)}`],
    ['a start, then a loop', `int f(void) {\n  int a = 0;\n${'  strcat(a, b);\n'.repeat(10)}`],
    ['a long period', 'if (a > b) { a = c(b); } else { b = d(a, 1); }\n'.repeat(5)],
  ])('%s', (_, text) => expect(degenerate(text)).toBe(true));

  it.each([
    ['one statement', 'return 0;'],
    ['a call', 'snprintf(out, out_size, "user=%s", user);'],
    ['python', 'cur = conn.cursor()\ncur.execute("SELECT ?", (name,))\nreturn cur.fetchall()\n'],
    ['three lines that are alike', 'a[0] = 1;\na[1] = 2;\na[2] = 3;\nreturn f(a);\n'],
    ['a body that is only passed', 'pass'],
  ])('not %s', (_, text) => expect(degenerate(text)).toBe(false));

  it('takes any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        (text) => typeof degenerate(text) === 'boolean',
      ),
    );
  });
});
