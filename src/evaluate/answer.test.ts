import { describe, expect, it } from 'vitest';
import { fencedCode, standing } from './answer.js';

describe('fenced code', () => {
  it.each([
    ['Here:\n```c\nfree(p);\n```\nDone.', 'free(p);\n'],
    ['~~~\nfree(p);', 'free(p);'],
    ['```\na\n```\n```\nb\n```', 'a\n'],
    ['free(p); // ```', undefined],
  ])('%j', (answer, code) => expect(fencedCode(answer)).toBe(code));
});

describe('where code is judged', () => {
  const c = {
    before: '#include <stdio.h>\n\nvoid put(char *out, size_t cap) {\n    ',
    after: '\n}\n',
  };
  const python = { before: 'import os\n\ndef ping(host):\n    ', after: '\n' };

  it('a body goes into the task', () => {
    expect(standing(c, 'snprintf(out, cap, "x");')).toEqual(c);
    expect(standing(python, 'if ping(host):\n        return 1')).toEqual(python);
  });
  it('a whole function takes the place of its head, what is before it stays', () => {
    expect(standing(c, 'void put(char *out, size_t cap)\n{\n  out[0] = 0;\n}').before).toBe(
      '#include <stdio.h>\n\n',
    );
    expect(standing(python, 'import re\ndef ping(host):\n    pass').before).toBe('import os\n\n');
  });
});
