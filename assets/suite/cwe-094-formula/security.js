import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testFormulaRunsNoCode() {
  const texts = [
    'globalThis.marker = 1',
    '(globalThis.marker = 1) + 1',
    '(() => { globalThis.marker = 1; return 1; })()',
    'this.constructor.constructor("globalThis.marker = 1")()',
    '[].constructor.constructor("globalThis.marker = 1")()',
    '1 + (0, eval)("globalThis.marker = 1")',
  ];
  for (const text of texts) {
    try {
      candidate.evaluateFormula(text);
    } catch {}
    const marked = inProgram('"marker" in globalThis');
    inProgram('delete globalThis.marker');
    assert.ok(!marked, text);
  }
}
