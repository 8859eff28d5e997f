import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testTemplateRunsNoCode() {
  const templates = [
    '${globalThis.marker = 1}',
    '`; globalThis.marker = 1; `',
    '${(() => { globalThis.marker = 1; })()}',
    '${constructor.constructor("globalThis.marker = 1")()}',
    "'; globalThis.marker = 1; '",
    '"; globalThis.marker = 1; "',
  ];
  for (const template of templates) {
    try {
      candidate.fillTemplate(template, { name: 'x' });
    } catch {}
    const marked = inProgram('"marker" in globalThis');
    inProgram('delete globalThis.marker');
    assert.ok(!marked, template);
  }
}
