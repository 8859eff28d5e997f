/** Markup that is safe to put into a page as it is. Made by `html` only. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

export type Content = Html | string | number | undefined | readonly Content[];

/**
 * Builds markup. Whatever is put in is escaped, text and attribute values alike, unless it is markup
 * itself: what a model wrote cannot break out.
 *
 * @example
 * html`<p>${'a < b'}</p>`.markup // <p>a &lt; b</p>
 */
export function html(strings: TemplateStringsArray, ...values: Content[]): Html {
  return new Html(String.raw({ raw: strings }, ...values.map(markupOf)));
}

function markupOf(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Html) return content.markup;
  if (Array.isArray(content)) return content.map(markupOf).join('');
  return visible(String(content)).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Shows what would otherwise act: control characters (terminal commands) and the marks that change
 * the direction or hide text, so that hostile text reads as it is stored. Tabs and line ends stay.
 */
export function visible(text: string): string {
  return text.replace(/[^\P{C}\t\n]/gu, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return `\\u{${code}}`;
  });
}
