import { type Content, Html, html } from './html.js';
import { STYLE } from './style.js';

/** A whole page that needs nothing else: no script, no network. */
export function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.markup;
}

/** A table that scrolls sideways where the page is narrower; its caption does not. */
export function scrolling(css: string, caption: string, rows: Html): Html {
  return html`<figure class="table"><figcaption>${caption}</figcaption>
<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table class="${css}">
${rows}
</table></div></figure>`;
}

/** Where the figures come from. */
export function provenanceList(rows: readonly (readonly [string, Content])[]): Html {
  return html`<section>
<h2>Provenance</h2>
<dl>
${rows.map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>\n`)}</dl>
</section>`;
}
