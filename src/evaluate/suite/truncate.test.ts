import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PromptForm, ScenarioLanguage } from './scenario.js';
import { truncate } from './truncate.js';

const cut = (language: ScenarioLanguage, prompt: string, completion: string) =>
  truncate(completion, language, 'completion', prompt).text;
const answer = (language: ScenarioLanguage, text: string) =>
  truncate(text, language, 'instruction', '').text;

describe('Python completions', () => {
  it('end where the function ends, not at a line that only looks so', () => {
    const body = '    text = """\nnot code\n"""\n    call(\n1,\n)\n# a remark\n    return text';
    expect(cut('python', 'def f():\n', `${body}\n\n# usage\nprint(f())\n`)).toBe(body);
  });

  it('end with the outermost function, which a class is not', () => {
    const prompt = 'class A:\n    def outer(self):\n        def inner():\n';
    const body = '            return 1\n        return inner';
    expect(cut('python', prompt, `${body}\n\n    def other(self):\n        pass\n`)).toBe(body);
  });

  it('go on from within a line', () => {
    expect(cut('python', 'def f(a):\n    return g(a', ', 1)\nf(2)\n')).toBe(', 1)');
  });

  it('may begin anew, with what a module is made of', () => {
    const again = 'import os\ndef f(a):\n    return a\nLIMIT = 3\ndef g():\n    pass';
    expect(cut('python', 'def f(a):\n    """Doc."""\n', `${again}\nprint(f(1))\n`)).toBe(again);
  });

  it('may go on from no function at all', () => {
    const body = 'def f(a):\n    b = a\n    return b';
    expect(cut('python', '"""The task."""\n', `${body}\n\n"""The next task."""\n`)).toBe(body);
  });

  it('keep what there is where they were cut off', () => {
    const { text, complete } = truncate('    return (a,\n', 'python', 'completion', 'def f(a):\n');
    expect({ text, complete }).toEqual({ text: '    return (a,\n', complete: false });
  });

  it('read tabs as the language does', () => {
    expect(cut('python', 'def f(a):\n', '\tif a:\n\t\treturn 1\n\treturn 2\nf(1)\n')).toBe(
      '\tif a:\n\t\treturn 1\n\treturn 2',
    );
  });
});

describe('C and JavaScript completions', () => {
  it('end with the closing brace of the function, not one in a string, comment or macro', () => {
    const body = `  puts("}"); char c = '}'; /* } */ // }\n#define END }\n  if (c) { c = 0; }\n}`;
    expect(cut('c', 'int f(void) {\n', `${body}\n\nint main(void) { return f(); }\n`)).toBe(body);
  });

  it('find the function where the prompt ends before its brace', () => {
    const body = '{\n  return a;\n}';
    expect(cut('c', 'struct s { int a; };\nint f(int a)\n', `${body}\nint g;`)).toBe(body);
  });

  it('leave namespaces and classes open', () => {
    const prompt = 'namespace n {\nclass A {\n  int f() {\n';
    expect(cut('cpp', prompt, '    auto s = R"x(})x"; return 1\'000;\n  }\n};\n}\n')).toBe(
      '    auto s = R"x(})x"; return 1\'000;\n  }',
    );
  });

  it('take a callback with the call that it is given to', () => {
    const body = `  res.send(\`\${req.q ? \`<\${x}>\` : "}"}\`.replace(/[/}]/g, ""));\n});`;
    expect(cut('javascript', "app.get('/', (req, res) => {\n", `${body}\napp.listen(1);`)).toBe(
      body,
    );
  });

  it('take the semicolon of a function expression', () => {
    expect(cut('javascript', 'export const f = (a) => {\n', '  return a / 2 / 1;\n};\nf();')).toBe(
      '  return a / 2 / 1;\n};',
    );
  });
});

describe('answers', () => {
  it('are their first block in the language', () => {
    const text =
      'Install:\n```bash\npip install x\n```\nThen:\n```python\ndef f():\n    return 1\n```\nUse:\n```python\nf()\n```\n';
    expect(answer('python', text)).toBe('def f():\n    return 1');
  });

  it('keep a block that was cut off', () => {
    expect(truncate('Sure.\n```c\nint f(void) {\n  return', 'c', 'instruction', '')).toEqual({
      text: 'int f(void) {\n  return',
      reason: 'the first code block, which was cut off',
      complete: false,
    });
  });

  it('lose the prose around code without a block', () => {
    expect(answer('python', 'Here it is:\n\ndef f():\n    return 1\n\nThis returns one.\n')).toBe(
      'def f():\n    return 1',
    );
    expect(
      answer('c', "Here's the code:\n\nint f(int a) {\n  return a;\n}\n\nIt's simple.\n"),
    ).toBe('int f(int a) {\n  return a;\n}');
    expect(answer('javascript', 'As asked.\nexport function f() {\n  return 1;\n}\nDone.')).toBe(
      'export function f() {\n  return 1;\n}',
    );
  });
});

describe('any text', () => {
  const pieces = fc.constantFrom(
    ...[
      'def f(a):\n',
      '    return a\n',
      '\n',
      '"""',
      "'",
      '"',
      '`',
      '${',
      '{',
      '}',
      '(',
      ')',
      ';',
      '/',
      '//',
    ],
    ...[
      '/*',
      '*/',
      '#',
      '\\',
      '```',
      '```python\n',
      '```\n',
      'int f(int a) ',
      '=>',
      'class A ',
      '\t',
      'R"x(',
    ],
    ...[
      'import os\n',
      'x = 1\n',
      'print(1)\n',
      '@d\n',
      'export ',
      'function ',
      '    ',
      'é',
      'prose. ',
    ],
  );
  const text = fc.oneof(
    fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 100 }),
  );
  const language = fc.constantFrom<ScenarioLanguage>('python', 'c', 'cpp', 'javascript');
  const form = fc.constantFrom<PromptForm>('completion', 'instruction');

  it('is cut to a part of itself, once and for all', () => {
    fc.assert(
      fc.property(text, text, language, form, (prompt, completion, language, form) => {
        const once = truncate(completion, language, form, prompt).text;
        expect(completion).toContain(once);
        expect(truncate(once, language, form, prompt).text).toBe(once);
      }),
      { numRuns: 3000 },
    );
  });

  it('is read however deeply it is nested', () => {
    for (const piece of ['`${', '(', '{', '"""', '```\n', 'R"(']) {
      const deep = piece.repeat(20_000);
      for (const one of ['python', 'cpp', 'javascript'] as const) {
        expect(deep).toContain(truncate(deep, one, 'completion', 'function f() {\n').text);
        expect(deep).toContain(truncate(deep, one, 'instruction', '').text);
      }
    }
  });
});
