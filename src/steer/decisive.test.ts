import { expect, it } from 'vitest';
import { decisiveTexts } from './index.js';
import { handMadePair } from './testing/pairs.js';

const withBodies = (secure: string, insecure: string) =>
  handMadePair({ bodies: { secure, insecure } });

it('are the first words in which the bodies part, with the sign behind them', () => {
  expect(
    decisiveTexts([
      withBodies('snprintf(out, cap, name);', 'sprintf(out, name);'),
      withBodies('x();\n    strncat(a, b, n);', 'x();\n    strcat(a, b);'),
      withBodies('return html.escape(name)', 'return name'),
    ]),
  ).toEqual(['snprintf(', 'sprintf(', 'strncat(', 'strcat(', 'html.']);
});

it('leave out what some body has before its decision', () => {
  expect(
    decisiveTexts([
      withBodies('if (n > cap) return;\n    memcpy(a, b, n);', 'memcpy(a, b, n);'),
      withBodies('if (!a) return;\n    strncat(a, b, n);', 'if (!a) return;\n    strcat(a, b);'),
    ]),
  ).toEqual(['memcpy(', 'strncat(', 'strcat(']);
});

it('are none where nothing tells', () => {
  expect(decisiveTexts([withBodies('}', ');')])).toEqual([]);
  expect(decisiveTexts([])).toEqual([]);
});
