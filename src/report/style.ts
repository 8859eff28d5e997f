// Colours are from the palette of Okabe and Ito, which readers with any colour vision tell apart,
// shifted in the dark theme for contrast. Shape, dash and a written label always say the same.

const LIGHT = `
  --page: #ffffff; --ink: #1b1f24; --soft: #57606a; --rule: #d5dae0; --tint: #f5f7f9;
  --good: #0064a8; --bad: #b84a00; --neutral: #6b7280; --bar: #c5dcee; --band: 0.16;`;

const DARK = `
  --page: #14171b; --ink: #e4e8ed; --soft: #9da7b3; --rule: #343b44; --tint: #1d2228;
  --good: #6bb7f0; --bad: #f59a52; --neutral: #a3acb8; --bar: #234a68; --band: 0.24;`;

export const STYLE = `
:root { color-scheme: light dark; ${LIGHT} }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
main { max-width: 62rem; margin: 0 auto; padding: 3.5rem 1.25rem 5rem; overflow-wrap: break-word; }
p, ul.findings, ol, .prose { max-width: 42rem; }
h1, h2, h3 { line-height: 1.25; font-weight: 650; }
h1 { font-size: 1.9rem; margin: 0.25rem 0 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 4rem 0 0.75rem; }
h3 { font-size: 1rem; margin: 1.75rem 0 0.5rem; }
small, .soft, figcaption, .legend { color: var(--soft); font-size: 0.85rem; }
.kicker { color: var(--soft); margin: 0; }
.lead { font-size: 1.3rem; line-height: 1.5; margin: 0 0 1rem; }
.lead strong { font-weight: 650; white-space: nowrap; }
.findings { padding-left: 1.2rem; }
.findings li { margin: 0.35rem 0; }

/* Questions and answers. */
.answer { display: grid; grid-template-columns: 15rem 1fr; gap: 0.25rem 2.5rem; padding: 1.4rem 0;
  border-top: 1px solid var(--rule); break-inside: avoid; }
.answer h2 { font-size: 1rem; margin: 0; color: var(--soft); font-weight: 400; }
.answer p { margin: 0 0 0.6rem; }
.answer .short { font-size: 1.3rem; line-height: 1.3; font-weight: 650; color: var(--ink);
  border-left: 3px solid var(--series); padding-left: 0.7rem; margin-top: 0.4rem; }
.is-yes { --series: var(--good); }
.is-no { --series: var(--bad); }
.is-open { --series: var(--rule); }

/* Dot charts: label, drawing and figure in a row. */
.dots { margin: 1.5rem 0; }
.dots .row { display: grid; grid-template-columns: 16rem 1fr 19rem; column-gap: 1.5rem;
  align-items: center; break-inside: avoid; }
.dots .plot { align-self: stretch; min-height: 1.9rem; position: relative; }
.dots .plot .drawing { position: absolute; inset: 0; }
.dots .label { font-size: 0.95rem; line-height: 1.35; padding: 0.15rem 0; }
.dots .figure { font-size: 0.9rem; line-height: 1.35; }
.dots .axis { color: var(--soft); font-size: 0.8rem; }
.dots .axis .figure { font-size: 0.8rem; }

/* Drawings. */
svg { overflow: visible; }
.drawing { display: block; }
.drawing text { fill: var(--soft); font-size: 0.8rem; }
.grid { stroke: var(--rule); stroke-width: 1; }
.zero { stroke: var(--soft); }
.mark-zero { stroke: var(--soft); stroke-width: 1.5; }
.mark-chosen { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 2 3; }
.line { fill: none; stroke: var(--series); stroke-width: 2; vector-effect: non-scaling-stroke; }
.band { fill: var(--series); opacity: var(--band); }
.whisker { stroke: var(--series); stroke-width: 2; }
.mark > * { fill: var(--series); stroke: var(--page); stroke-width: 1; }
.mark > .hollow { fill: var(--page); stroke: var(--series); stroke-width: 2; }
.s-repaired, .s-secure { --series: var(--good); }
.s-insecure { --series: var(--bad); }
.s-other { --series: var(--neutral); }
.s-repaired .line { stroke-width: 2.5; }
.s-secure .line { stroke-dasharray: 6 4; }
.s-other .line { stroke-dasharray: 1.5 4; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; padding: 0;
  margin: 1rem 0; }
.legend svg { margin-right: 0.5rem; vertical-align: -0.1em; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr));
  gap: 1.5rem 3rem; margin: 1.5rem 0; }
.panel { margin: 0; min-width: 0; break-inside: avoid; }
.panel .plot { padding: 3.2rem 0.75rem 3.6rem 3.4rem; }
.panel figcaption, .layers caption { font-weight: 650; color: var(--ink); font-size: 1rem; }

/* Tables. */
.table { margin: 2.5rem 0 1.5rem; }
.table figcaption { padding-bottom: 0.4rem; }
.scroll { overflow-x: auto; }
.scroll th[scope=row] { position: sticky; left: 0; background: var(--page); }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
caption { text-align: left; padding-bottom: 0.4rem; }
th, td { padding: 0.45rem 0.9rem 0.45rem 0; text-align: right; vertical-align: top;
  border-bottom: 1px solid var(--rule); font-weight: 400; }
th[scope=row], tr:first-child th:first-child { text-align: left; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--soft); font-size: 0.85rem; vertical-align: bottom; line-height: 1.35; }
tbody th small, td small, thead th small { display: block; line-height: 1.4; font-size: 0.8rem; }
td small { white-space: nowrap; }
tr.main th, tr.main td, tr.chosen th, tr.chosen td, td.main { font-weight: 650; }
tr.main small, tr.chosen small, td.main small { font-weight: 400; }
.arms { min-width: 36rem; }
.compared { min-width: 52rem; }
.compared tbody th[scope=row] { min-width: 14rem; }
.arms thead th:not(:first-child) { width: 18%; }
.folds { min-width: 54rem; }
.folds td:nth-child(2), .layers tbody th, .folds tbody th { white-space: nowrap; }
th[colspan] { text-align: center; padding-bottom: 0.2rem; }
.layers th.wide { width: 45%; text-align: left; }
.layers td.bar { position: relative; text-align: left; }
.layers td.bar svg { position: absolute; left: 0; top: 0.25rem; width: calc(100% - 0.9rem);
  height: calc(100% - 0.5rem); }
.layers td.bar rect { fill: var(--bar); }
.layers td.bar span { position: relative; padding-left: 0.5rem; }
.layers small { display: inline; }

/* Heat maps. */
.heat { table-layout: fixed; }
.heat caption { font-weight: 650; color: var(--ink); font-size: 1rem; }
.heat th, .heat td { text-align: center; padding: 0.35rem 0.2rem; font-size: 0.8rem; }
.heat th[scope=row], .heat tr:first-child th:first-child { text-align: left; width: 3.5rem; }
.heat td { border: 1px solid var(--page);
  background: color-mix(in srgb, var(--series) calc(var(--heat) * 0.7), var(--tint)); }
.heat td:empty:not([style]) { background: none; }
.dense th { font-size: 0.65rem; }
.dense td { padding: 0.55rem 0; }

/* Examples. */
.example { margin: 2rem 0 2.5rem; }
.example .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr));
  gap: 1rem; margin-top: 1rem; }
.example figure { margin: 0; min-width: 0; break-inside: avoid; }
.example figcaption { font-weight: 400; padding-bottom: 0.4rem; }
pre { margin: 0; padding: 0.9rem 1rem; background: var(--tint); border-radius: 4px; font-size: 0.82rem;
  line-height: 1.5; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4;
  font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre .changed { display: block; margin: 0 -1rem; padding: 0 1rem 0 calc(1rem - 3px);
  border-left: 3px solid var(--series); }
.outcome { color: var(--series); font-weight: 650; }
code { font-size: 0.9em; overflow-wrap: anywhere;
  font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.35rem 1.5rem; font-size: 0.9rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
details { margin: 1rem 0; }
summary { cursor: pointer; color: var(--soft); }

@media screen and (max-width: 52rem) {
  main { padding-top: 2rem; }
  h1 { font-size: 1.5rem; }
  h2 { margin-top: 3rem; }
  .lead { font-size: 1.15rem; }
  .dots .row { grid-template-columns: 1fr; padding: 0 0.75rem 0.9rem; row-gap: 0.1rem; }
  .dots .row.axis { padding-bottom: 0; }
  .dots .label, .dots .figure { margin-left: -0.75rem; }
  .dots .figure { color: var(--soft); }
  .answer { grid-template-columns: 1fr; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 0.6rem; }
}
@media print {
  :root { color-scheme: light; ${LIGHT} }
  html { font-size: 9.5pt; }
  h2 { margin-top: 2.5rem; }
  .dots { break-inside: avoid; }
  main { padding: 0; max-width: none; }
  h2, h3, figcaption, .example > pre { break-after: avoid; }
  tr { break-inside: avoid; }
  .scroll { overflow: visible; }
  .scroll th[scope=row] { position: static; }
  .arms, .compared, .folds { min-width: 0; font-size: 0.8rem; }
  svg, .band, rect, .heat td { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
