import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../core/index.js';
import { loadModel, type Model } from '../../engine/index.js';
import { type Drawing, RunStore, type Scenario, truncateFor } from '../../evaluate/index.js';
import { constrained } from './beams.js';
import { constrainedScenarios, generateConstrained, readConstraints } from './suite.js';

const scenario = (id: string, completion: string): Scenario => ({
  id,
  cwe: 'CWE-787',
  language: 'c',
  split: 'trained',
  base: id,
  title: '',
  entry: undefined,
  packages: [],
  prompts: { completion, instruction: 'Write a C function that copies src into dst.' },
  after: '',
  files: {},
  functional: undefined,
  security: undefined,
  references: {},
});
const SCENARIOS = [
  scenario('copy', 'void copy(char *dst, size_t n, const char *src) {\n'),
  scenario('join', 'void join(char *out, size_t n, const char *a, const char *b) {\n'),
  scenario('other', 'int f(void) {\n'),
];
const DRAWING: Drawing = {
  form: 'completion',
  n: 3,
  temperature: 0.8,
  topP: 0.95,
  maxNewTokens: 24,
  seed: 0,
};

let dir: string;
let model: Model;
let written = 0;
const file = (...lines: object[]) => {
  const path = join(dir, `${written++}.jsonl`);
  writeFileSync(path, lines.map((line) => JSON.stringify(line)).join('\n'));
  return path;
};
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'suture-constraints-'));
  model = await loadModel('organism', { threads: 1 });
});
afterAll(async () => {
  await model.close();
  rmSync(dir, { recursive: true });
});

describe('completions of a suite under constraints', () => {
  it('are written for the scenarios that have some, and only once', async () => {
    const path = file(
      { scenario: 'join', require: ['snprintf('] },
      { scenario: 'copy', forbid: ['strcpy', 'strcat'], require: ['n'] },
    );
    const constraints = readConstraints(path);
    const scenarios = constrainedScenarios(SCENARIOS, constraints);
    expect(scenarios.map(({ id }) => id)).toEqual(['copy', 'join']);
    const complete = (out: string, of: readonly Scenario[]) => {
      const store = RunStore.start(join(dir, out), {});
      const options = { constraints, beams: 4, tries: 3 };
      const done = generateConstrained(store, of, model, DRAWING, options);
      return done.finally(() => store.close()).then((counts) => ({ counts, store }));
    };
    const { counts, store } = await complete('whole', scenarios);
    expect(counts).toEqual({ samples: 6, satisfied: 6 });
    for (const { scenario: id, completion, satisfied } of store.samples) {
      expect(satisfied).toBe(true);
      const { text } = truncateFor(
        SCENARIOS.find((one) => one.id === id)!,
        completion,
        'completion',
      );
      if (id === 'join') expect(text).toContain('snprintf(');
      else expect(completion).not.toMatch(/strc(py|at)/);
    }
    // As if it had been cut off: the same, and nothing twice.
    await complete('again', scenarios.slice(1));
    const resumed = await complete('again', scenarios);
    const sorted = (of: RunStore) => of.samples.map((line) => JSON.stringify(line)).sort();
    expect(sorted(resumed.store)).toEqual(sorted(store));
    await expect(complete('other', SCENARIOS)).rejects.toThrow('other has no constraints');
  });

  it('refuses lines that say nothing, come twice, or are for no scenario', () => {
    const one = { scenario: 'copy', require: ['a'] };
    expect(readConstraints(file(one)).hash).toBe(sha256(JSON.stringify(one)));
    expect(() => readConstraints(file(one, one))).toThrow('two lines for copy');
    expect(() => readConstraints(file({ scenario: 'copy' }))).toThrow('nothing is constrained');
    expect(() => readConstraints(file({ ...one, requires: [] }))).toThrow('line 1');
    const constraints = readConstraints(file({ ...one, scenario: 'nowhere' }));
    expect(() => constrainedScenarios(SCENARIOS, constraints)).toThrow('nowhere');
  });
});

describe('what counts of a completion', () => {
  const ids = () => model.encode({ text: 'def f(name):\n' })[0]!;

  it('ends it at the end of a line, and what is required must be in it', async () => {
    const options = { maxNewTokens: 20, beams: 4, n: 4, tries: 1, seed: 2 };
    const whole = await constrained(model, ids(), { ...options, forbid: ['\u0007'] });
    const lines = whole.samples.map(({ text }) => text).filter((text) => text.includes('\n'));
    expect(lines.length).toBeGreaterThan(0);
    // The first line is all that counts.
    const cut = (text: string) => {
      const end = text.indexOf('\n');
      return { text: end < 0 ? text : text.slice(0, end), complete: end >= 0 };
    };
    const first = await constrained(model, ids(), { ...options, forbid: ['\u0007'], cut });
    const ended = first.samples.filter(({ finishReason }) => finishReason === 'stop');
    expect(ended.length).toBeGreaterThan(0);
    for (const { text, tokens } of ended) {
      expect(text.split('\n').length - 1).toBeGreaterThan(0);
      const before = model.tokenizer!.decode(tokens.slice(0, -1), { skipSpecialTokens: true });
      expect(before).not.toContain('\n');
    }
    // A phrase that can only come behind it is missing, though it is in the text.
    const none = () => ({ text: '', complete: false });
    const behind = await constrained(model, ids(), { ...options, require: ['name'], cut: none });
    expect(behind.satisfied).toBe(0);
    expect(behind.samples.some(({ text }) => text.includes('name'))).toBe(true);
    for (const { missing } of behind.samples) expect(missing).toEqual(['name']);
  });
});
