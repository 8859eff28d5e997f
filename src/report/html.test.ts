import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html, visible } from './html.js';

const decode = (markup: string) =>
  markup
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');

describe('html', () => {
  it('escapes any text so that it ends neither a tag, an attribute nor a comment', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { markup } = html`${text}`;
        expect(markup).not.toMatch(/[<>"']/);
        expect(decode(markup)).toBe(visible(text));
      }),
    );
  });

  it('puts in markup as it is, lists without separators and nothing for undefined', () => {
    const parts = ['a&b', html`<i>${'<'}</i>`, 3];
    expect(html`<p title="${'"'}">${parts}${undefined}</p>`.markup).toBe(
      '<p title="&quot;">a&amp;b<i>&lt;</i>3</p>',
    );
  });

  it('reads escapes of the template as JavaScript does', () => {
    expect(html`a\n${'b'}`.markup).toBe('a\nb');
  });
});

describe('visible', () => {
  it('spells out control characters and marks that reorder or hide text', () => {
    expect(visible('\x1b[2J')).toBe('\\u{1b}[2J');
    expect(visible('a\u202eb\u200bc\r\n')).toBe('a\\u{202e}b\\u{200b}c\\u{d}\n');
  });

  it('leaves tabs, line ends and letters of any script', () => {
    const text = 'int\tx;\n名前 übung';
    expect(visible(text)).toBe(text);
  });
});
