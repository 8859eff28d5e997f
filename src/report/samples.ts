import { createHash } from 'node:crypto';
import { constants, deflateRawSync } from 'node:zlib';
import { assetPath, readText, sha256 } from '../core/index.js';
import { isSecure, type Judged, passes, type Scenario } from '../evaluate/index.js';
import { Html, html } from './html.js';
import { STYLE } from './style.js';

/** What the page is made of. */
export interface SamplesPage {
  title: string;
  /** Scenarios with their judged samples, each a function that reads it: the page holds one at a time. */
  groups: readonly { scenario: Scenario; samples: readonly (() => Judged)[] }[];
  /** Leaves out the token ids, most of a page's size where there are many. Defaults to false. */
  tokens?: boolean;
}

/**
 * Lists the judged samples of a run on one page that needs nothing else: filters, the program with
 * what rules found in it, what its tests said. Samples that came to the same are held once, and all
 * of it is compressed, so that 50,000 samples make a page that opens at once. It comes in pieces.
 *
 * @example
 * const samples = judged.map((one) => () => one);
 * writePiecesAtomic('samples.html', renderSamplesPage({ title: 'base', groups: [{ scenario, samples }] }));
 */
export function* renderSamplesPage(given: SamplesPage): Generator<string> {
  const [before, after] = around(given.title).split(DATA) as [string, string];
  yield before;
  yield* base64(deflated(dataOf(given)));
  yield after;
}

/** Stands where the data go: no title can hold it, as its signs would be escaped. */
const DATA = '<data>';

function around(title: string): string {
  const script = readText(assetPath('report', 'samples.js'));
  // A module, so that its names are its own; allowed by its hash, so that nothing else can run.
  const allowed = createHash('sha256').update(script).digest('base64');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${new Html(allowed)}'">
<title>${title}</title>
<style>${new Html(STYLE + OWN_STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<div class="filters" role="search">
${select('scenario', 'Scenario')}${select('cwe', 'Weakness')}${select('functional', 'Function')}${select('security', 'Security')}${select('only', 'Only')}
<label>Text <input id="text" type="search" placeholder="/" autocomplete="off" spellcheck="false"></label>
</div>
<p id="count" class="soft" role="status">Unpacking…</p>
</header>
<main>
<div id="list" role="listbox" tabindex="0" aria-label="Samples"><div id="spacer"></div></div>
<section id="detail" tabindex="0" aria-label="The chosen sample"></section>
</main>
${scriptOf('id="data" type="text/plain"', DATA)}
${scriptOf('type="module"', script)}
</body>
</html>
`.markup;
}

const scriptOf = (attributes: string, text: string) =>
  new Html(`<script ${attributes}>${text}</script>`);

const select = (id: string, label: string) =>
  html`<label>${label} <select id="${id}"><option value="">all</option></select></label>\n`;

/** Characters that are compressed together. */
const PIECE = 2 ** 22;

/** Raw deflate: blocks that each end at a byte, one after another, and the last that says so. */
function* deflated(pieces: Iterable<string>): Generator<Buffer> {
  let waiting = '';
  for (const piece of pieces) {
    waiting += piece;
    if (waiting.length < PIECE) continue;
    yield deflateRawSync(waiting, { finishFlush: constants.Z_SYNC_FLUSH });
    waiting = '';
  }
  yield deflateRawSync(waiting);
}

function* base64(pieces: Iterable<Buffer>): Generator<string> {
  let rest = Buffer.alloc(0);
  for (const piece of pieces) {
    const bytes = Buffer.concat([rest, piece]);
    // Three bytes make four characters.
    const whole = bytes.length - (bytes.length % 3);
    yield bytes.toString('base64', 0, whole);
    rest = bytes.subarray(whole);
  }
  yield rest.toString('base64');
}

/** JSON: bodies, then rows of numbers that lead to what they share. */
function* dataOf({ groups, tokens = false }: SamplesPage): Generator<string> {
  const scenarios = groups.map(({ scenario: { id, cwe, language } }) => ({ id, cwe, language }));
  yield `{"scenarios":${JSON.stringify(scenarios)},"bodies":[`;
  const places = new Map<string, number>();
  const rows: { read: () => Judged; scenario: number; body: number }[] = [];
  for (const [index, { scenario, samples }] of groups.entries()) {
    for (const read of samples) {
      const body = JSON.stringify(bodyOf(read(), scenario));
      const same = sha256(`${index} ${body}`);
      let place = places.get(same);
      if (place === undefined) {
        place = places.size;
        places.set(same, place);
        yield place === 0 ? body : `,${body}`;
      }
      rows.push({ read, scenario: index, body: place });
    }
  }
  yield '],"rows":[';
  for (const [at, { read, scenario, body }] of rows.entries()) {
    const { sample } = read();
    const ids = tokens ? (sample.tokens ?? 0) : 0;
    const row = JSON.stringify([scenario, sample.sample, body, ids, sample.finishReason]);
    yield at === 0 ? row : `,${row}`;
  }
  yield ']}';
}

function bodyOf({ verdict, sample: { completion } }: Judged, { prompts }: Scenario) {
  const { program, truncation, parse, builds, functional, security, reasons } = verdict;
  const prompt = prompts.completion ?? '';
  const findings = [...(verdict.verdict ? [verdict.verdict] : []), ...verdict.introduced].flatMap(
    ({ cwe, findings }) =>
      findings.map(({ rule, message, line, endLine, trace }) => ({
        cwe,
        rule,
        message,
        line,
        endLine,
        trace: trace.map(({ line, text }) => ({ line, text })),
      })),
  );
  const marks: [boolean, string][] = [
    [passes(verdict) && isSecure(verdict), 'secure and passes'],
    [verdict.stub, 'stub'],
    [verdict.degenerate, 'degenerate'],
    [verdict.refusal, 'refusal'],
    [verdict.truncated, 'truncated'],
    [verdict.introduced.length > 0, 'another weakness'],
  ];
  return {
    program,
    completion,
    from: program.startsWith(prompt) ? prompt.length : 0,
    truncation,
    parse,
    builds,
    functional,
    security,
    reasons,
    findings,
    marks: marks.flatMap(([holds, mark]) => (holds ? [mark] : [])),
    output: Object.entries(verdict.output ?? {}).map(([name, text]) => ({
      name: `Tests of ${name === 'functional' ? 'function' : 'security'}`,
      text,
    })),
  };
}

const OWN_STYLE = `
html, body { height: 100%; }
body { display: flex; flex-direction: column; }
header { padding: 0.75rem 1.25rem 0.25rem; border-bottom: 1px solid var(--rule); }
header h1 { font-size: 1.15rem; margin: 0 0 0.4rem; }
header .filters { display: flex; flex-wrap: wrap; gap: 0.4rem 1rem; font-size: 0.85rem; color: var(--soft); }
header #count { margin: 0.3rem 0; }
select, input { font: inherit; color: var(--ink); background: var(--tint); border: 1px solid var(--rule);
  border-radius: 4px; padding: 0.15rem 0.35rem; max-width: 16rem; }
main { flex: 1; min-height: 0; max-width: none; width: 100%; margin: 0; padding: 0; display: grid;
  grid-template-columns: minmax(22rem, 2fr) 3fr; }
#list { overflow-y: auto; border-right: 1px solid var(--rule); contain: strict; }
#spacer { position: relative; }
.sample { position: absolute; left: 0; right: 0; height: 30px; line-height: 30px; display: grid;
  grid-template-columns: 1fr 3.5rem 6.5rem 6.5rem; gap: 0.5rem; padding: 0 0.75rem 0 1.25rem;
  font-size: 0.85rem; cursor: pointer; white-space: nowrap; }
.sample .name { overflow: hidden; text-overflow: ellipsis; }
.sample .number { color: var(--soft); text-align: right; }
.sample[aria-selected=true] { background: var(--bar); }
:focus-visible { outline: 2px solid var(--good); outline-offset: -2px; }
.is-pass, .is-secure { color: var(--good); }
.is-fail, .is-insecure { color: var(--bad); font-weight: 650; }
.is-undetermined, .is-untested { color: var(--soft); }
#detail { overflow-y: auto; padding: 0.75rem 1.25rem 3rem; min-width: 0; }
#detail h2 { font-size: 1.05rem; margin: 0 0 0.3rem; overflow-wrap: anywhere; }
#detail ul { font-size: 0.9rem; padding-left: 1.2rem; margin: 0.5rem 0; overflow-wrap: anywhere; }
.facts { display: flex; flex-wrap: wrap; gap: 0.1rem 1.1rem; margin: 0 0 0.5rem; font-size: 0.9rem; }
.code { padding: 0.6rem 0; counter-reset: line; }
.code > span { display: block; padding: 0 1rem 0 3.4rem; position: relative; border-left: 3px solid transparent; }
.code > [data-line]::before { content: attr(data-line); position: absolute; left: 0; width: 2.6rem;
  text-align: right; color: var(--soft); }
.code .given { color: var(--soft); }
.code .found { border-left-color: var(--bad); background: color-mix(in srgb, var(--bad) 14%, transparent); }
.code .note { color: var(--bad); font-weight: 650; border-left-color: var(--bad); }
@media (max-width: 52rem) {
  main { grid-template-columns: 1fr; grid-template-rows: minmax(9rem, 2fr) 3fr; }
  #list { border-right: 0; border-bottom: 1px solid var(--rule); }
  .sample { grid-template-columns: 1fr 2.5rem 6rem 6.2rem; padding: 0 0.5rem; gap: 0.3rem; }
  header { padding: 0.5rem 0.75rem 0.1rem; }
}
`;
