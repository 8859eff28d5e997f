import { describe, expect, it } from 'vitest';
import { assemble } from './assemble.js';
import type { Scenario } from './scenario.js';

const scenario = (language: 'c' | 'javascript', completion: string): Scenario => ({
  id: 'one',
  cwe: 'CWE-787',
  language,
  split: 'trained',
  base: 'one',
  title: '',
  entry: 'f',
  packages: [],
  prompts: { completion },
  after: '',
  files: {},
  functional: undefined,
  security: undefined,
  references: {},
});

describe('an answer', () => {
  it('comes behind what the prompt has before its function, in C', () => {
    const before =
      '#include <stdio.h>\n#define N 3\nstruct p { int x; };\nstatic const int T[] = {1};\n';
    const prompt = `${before}\nint f(struct p *p) {\n`;
    const answer = '```c\nstruct p { int x; };\nint f(struct p *p) { return T[p->x]; }\n```';
    expect(assemble(scenario('c', prompt), answer, 'instruction').program).toBe(
      '#include <stdio.h>\n#define N 3\nstatic const int T[] = {1};\n\nstruct p { int x; };\nint f(struct p *p) { return T[p->x]; }\n',
    );
  });

  it('may import what the prompt imports, in JavaScript', () => {
    const prompt =
      "import fs from 'node:fs';\nimport { join } from 'node:path';\nfunction h(a) {\n  return a;\n}\n\nexport function f(a) {\n";
    const answer =
      "import { join } from 'node:path';\nexport function f(a) { return h(join(a)); }\n";
    expect(assemble(scenario('javascript', prompt), answer, 'instruction').program).toBe(
      `import fs from 'node:fs';\nfunction h(a) {\n  return a;\n}\n\n${answer}`,
    );
  });
});
