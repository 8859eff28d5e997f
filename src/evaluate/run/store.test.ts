import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { EvalSample } from '../suite/sample.js';
import { RunStore } from './store.js';

const root = mkdtempSync(join(tmpdir(), 'suture-run-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let dir: string;
let count = 0;
beforeEach(() => {
  dir = join(root, String(count++));
});

const CONFIG = { suite: 'abc', sampling: { temperature: 0.2, seeds: [1, 2] } };
const sample = (n: number, completion = 'x'): EvalSample => ({
  scenario: 'a',
  sample: n,
  completion,
  finishReason: 'eos',
});

describe('RunStore', () => {
  it('goes on where it stopped', () => {
    const first = RunStore.start(dir, CONFIG);
    first.addSample(sample(0));
    first.addSample(sample(1, 'line\u2028one\n"two"'));
    first.close();
    const again = RunStore.start(dir, CONFIG);
    expect(again.samples).toEqual([sample(0), sample(1, 'line\u2028one\n"two"')]);
    again.close();
    const opened = RunStore.open(dir);
    expect(opened.config).toEqual(CONFIG);
    opened.close();
  });

  it('drops only what a kill has cut off, wherever that was', () => {
    const text = `${JSON.stringify(sample(0, 'é'))}\n${JSON.stringify(sample(1))}\n`;
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length }), (length) => {
        dir = join(root, String(count++));
        RunStore.start(dir, CONFIG).close();
        writeFileSync(join(dir, 'samples.jsonl'), bytes.subarray(0, length));
        const store = RunStore.start(dir, CONFIG);
        const whole = bytes.subarray(0, length).filter((byte) => byte === 0x0a).length;
        expect(store.samples).toHaveLength(whole);
        store.addSample(sample(7));
        store.close();
        const after = readFileSync(join(dir, 'samples.jsonl'), 'utf8').split('\n');
        expect(after).toHaveLength(whole + 2);
        expect(JSON.parse(after[whole]!)).toEqual(sample(7));
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  it('refuses a run of another configuration, and says what differs', () => {
    RunStore.start(dir, CONFIG).close();
    const other = { ...CONFIG, sampling: { temperature: 0.8, seeds: [1, 2] } };
    expect(() => RunStore.start(dir, other)).toThrow(
      'sampling.temperature is 0.2 there and 0.8 now',
    );
    expect(() => RunStore.start(dir, { ...CONFIG, n: 3 })).toThrow(
      'n is undefined there and 3 now',
    );
  });

  it('is written by one process at a time; one that is gone does not count', () => {
    const store = RunStore.start(dir, CONFIG);
    writeFileSync(join(dir, 'run.lock'), '1'); // a process that is always there
    expect(() => RunStore.open(dir)).toThrow('Another process (1) is working on');
    writeFileSync(join(dir, 'run.lock'), String(2 ** 22 + 1)); // none has this number
    RunStore.open(dir).close();
    writeFileSync(join(dir, 'run.lock'), ''); // its process was killed before it wrote its number
    RunStore.open(dir).close();
    store.close();
  });

  it('names a line that is no JSON, and a folder that is no run', () => {
    const store = RunStore.start(dir, CONFIG);
    store.addSample(sample(0));
    store.close();
    appendFileSync(join(dir, 'samples.jsonl'), '{broken\n');
    expect(() => RunStore.open(dir)).toThrow('samples.jsonl, line 2, is not valid JSON');
    expect(() => RunStore.open(join(root, 'none'))).toThrow('holds no run');
  });
});
