import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOf, FORMS, inForm, reviewTextOf } from './forms.js';

describe('the code of an answer', () => {
  it.each([
    ['json', '{"code": "f(\\"}\\");\\n"}', 'f("}");\n', true],
    ['json', 'Sure: {"code": "x"} Enjoy!', 'x', true],
    ['json', 'snprintf(out);', 'snprintf(out);', false],
    ['json', '```c\nfree(p);\n```', 'free(p);\n', false],
    ['xml', '<code>a &lt; b &amp;&amp; c</code>', 'a < b && c', true],
    ['xml', '<code><![CDATA[if (a < b) x();]]></code>', 'if (a < b) x();', true],
    ['xml', 'no element', 'no element', false],
    ['markdown', 'Here:\n```c\nfree(p);\n```\nDone.', 'free(p);\n', true],
    ['markdown', '~~~\nfree(p);', 'free(p);', true],
    ['markdown', 'free(p);', 'free(p);', false],
    ['asked', '```python\nx = 1\n```', 'x = 1\n', true],
    ['plain', 'x = 1', 'x = 1', true],
    ['plain', '```\nx = 1\n```', 'x = 1\n', false],
  ] as const)('%s: %j', (form, answer, text, kept) => {
    expect(codeOf(answer, form)).toEqual({ text, kept });
  });

  it('is some text, whatever the answer', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...FORMS), (answer, form) => {
        expect(typeof codeOf(answer, form).text).toBe('string');
        expect(typeof reviewTextOf(answer, form).text).toBe('string');
      }),
    );
  });

  it('comes back whole from JSON', () => {
    fc.assert(
      fc.property(fc.string(), (code) => {
        expect(codeOf(JSON.stringify({ code }), 'json')).toEqual({ text: code, kept: true });
      }),
    );
  });
});

describe('the words of a review', () => {
  it.each([
    [
      'json',
      '{"verdict": "vulnerable", "weakness": "CWE-787", "fix": "snprintf"}',
      'vulnerable. CWE-787. snprintf',
      true,
    ],
    ['json', '{"verdict": true, "weakness": "overflow"}', 'vulnerable. overflow', true],
    ['json', '{"verdict": false}', 'safe', true],
    ['json', 'Vulnerable.', 'Vulnerable.', false],
    ['xml', '<review><verdict>safe</verdict><fix>none</fix></review>', 'safe. none', true],
    ['markdown', '- vulnerable\n- use snprintf', '- vulnerable\n- use snprintf', true],
    ['markdown', 'vulnerable', 'vulnerable', false],
    ['plain', 'Safe: `f` is bounded.', 'Safe: `f` is bounded.', true],
    ['plain', '**Safe**', '**Safe**', false],
    ['plain', 'Flaws:\n1. none', 'Flaws:\n1. none', false],
    ['asked', 'Safe.', 'Safe.', true],
    ['line', '## Safe', '## Safe', true],
  ] as const)('%s: %j', (form, answer, text, kept) => {
    expect(reviewTextOf(answer, form)).toEqual({ text, kept });
  });
});

it('a form adds a line to the prompt, and nothing where it is as asked', () => {
  expect(inForm('Write f.', 'asked', 'code')).toBe('Write f.');
  expect(inForm('Write f.', 'line', 'code')).toMatch(/^Write f\.\n\S/);
  expect(inForm('Write f.', 'json', 'code')).toMatch(/^Write f\.\n.*JSON/);
});
