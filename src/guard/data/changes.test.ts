import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Span } from '../../evaluate/index.js';
import { changedLines, changedWords } from './changes.js';

fc.configureGlobal({ seed: 1 });

const texts = (text: string, spans: readonly Span[]) =>
  spans.map(({ start, end }) => text.slice(start, end));

const VULNERABLE = 'def f(x):\n    q = "a %s" % x\n    run(q)\n    return q';
const SECURE = 'def f(x):\n    q = "a %s"\n    run(q, (x,))\n    return q';

it('names changed lines whole', () => {
  const { vulnerable, secure } = changedLines({ vulnerable: VULNERABLE, secure: SECURE });
  expect(texts(VULNERABLE, vulnerable)).toEqual(['    q = "a %s" % x\n    run(q)\n']);
  expect(texts(SECURE, secure)).toEqual(['    q = "a %s"\n    run(q, (x,))\n']);
});

it('names changed words within changed lines', () => {
  const { vulnerable, secure } = changedWords({ vulnerable: VULNERABLE, secure: SECURE });
  expect(texts(VULNERABLE, vulnerable).join('')).toBe(' % x');
  expect(texts(SECURE, secure).join('')).toBe(', (x,)');
});

it('takes names for wholes: letters that two share by chance do not count', () => {
  const [a, b] = ['strcpy(d, s);', 'snprintf(d, 8, s);'];
  const { vulnerable, secure } = changedWords({ vulnerable: a, secure: b });
  expect(texts(a, vulnerable)).toEqual(['strcpy']);
  expect(texts(b, secure).join('|')).toContain('snprintf|');
});

it('leaves the same text on both sides, in order and without overlap', () => {
  const text = fc
    .array(fc.constantFrom('a', 'bb', ' ', '\n', '(', '🙂', 'x = 1\n'), { maxLength: 12 })
    .map((parts) => parts.join(''));
  const without = (whole: string, spans: readonly Span[]) => {
    let at = 0;
    let rest = '';
    for (const { start, end } of spans) {
      expect(start).toBeGreaterThanOrEqual(at);
      expect(end).toBeGreaterThan(start);
      rest += whole.slice(at, start);
      at = end;
    }
    expect(at).toBeLessThanOrEqual(whole.length);
    return rest + whole.slice(at);
  };
  fc.assert(
    fc.property(text, text, (vulnerable, secure) => {
      for (const changes of [changedLines, changedWords]) {
        const found = changes({ vulnerable, secure });
        expect(without(vulnerable, found.vulnerable)).toBe(without(secure, found.secure));
        if (vulnerable === secure) expect(found).toEqual({ vulnerable: [], secure: [] });
      }
    }),
  );
});
