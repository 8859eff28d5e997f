import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupBy } from '../core/index.js';
import { pairs, reviewItems } from '../organism/index.js';
import type { RepairMetrics } from '../repair/index.js';
import { type ProcessOptions, sutureProcess } from './testing/process.js';

const fixture = fileURLToPath(new URL('../../fixtures/llama_f32/model', import.meta.url));
let dir: string;

/** Four bases, of each two prompts to make vectors from and two to judge by: enough to see it run. */
const BASES = 4;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'suture-cli-repair-'));
  const lines = (rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const few = <T extends { base: string }>(
    rows: readonly T[],
    most: number,
    kind: (row: T) => string,
  ) => {
    const bases = [...new Set(rows.map(({ base }) => base))].slice(0, BASES);
    const chosen = rows.filter(({ base }) => bases.includes(base));
    return [...groupBy(chosen, kind).values()].flatMap((own) => own.slice(0, most));
  };
  const chosen = few(pairs('CWE-787'), 2, ({ base, split }) => `${base} ${split}`);
  writeFileSync(join(dir, 'pairs.jsonl'), lines(chosen));
  const items = few(reviewItems('CWE-787'), 2, ({ base, insecure }) => `${base} ${insecure}`);
  writeFileSync(join(dir, 'items.jsonl'), lines(items));
});
afterAll(() => rmSync(dir, { recursive: true }));

const suture = (args: string[], stop?: ProcessOptions['stop']) =>
  sutureProcess(args, { cwd: dir, stop });

const SMALL = [
  ...['--sites', 'decision', '--layers', '3,-1', '--strengths', '0.75,1', '-n', '1'],
  ...['--reaches', 'last_prompt_and_generated'],
];
const repair = (out: string, stop?: ProcessOptions['stop']) =>
  suture(['repair', '-p', 'pairs.jsonl', '--items', 'items.jsonl', ...SMALL, '-o', out], stop);
/** Of a run, as its progress names them. */
const STAGES = ['generate', 'find the layer', 'choose on ordinary', 'steer', 'strength curve'];

const metricsOf = (out: string): RepairMetrics =>
  JSON.parse(readFileSync(join(dir, out, 'metrics.json'), 'utf8'));

describe('suture repair', () => {
  it('says what it found, and leaves a report, metrics, samples and a vector that works', async () => {
    const { code, out, err } = await repair('run');
    expect(err).toContain('find the layer');
    expect(code).toBe(0);
    const words = ['Review:', 'Writing:', 'Where:', 'Repair:', 'Controls:', 'Reminder:', 'Cost:'];
    for (const word of [...words, 'report.html']) expect(out).toContain(word);
    const metrics = metricsOf('run');
    expect(metrics.folds).toHaveLength(BASES);
    const judged = 2 * BASES;
    for (const { name, rates } of metrics.arms) {
      const { secure, insecure, other } = rates;
      // Five random vectors of each fold are pooled.
      expect(secure.hits + insecure.hits + other.hits).toBe(
        name === 'random' ? 5 * judged : judged,
      );
    }
    const kinds = new Set(metrics.arms.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['control', 'leak', 'plain', 'prompt', 'repair', 'sampling']);
    expect(metrics.effects.map(({ against }) => against)).toEqual(
      metrics.arms.map(({ name }) => name).filter((name) => name !== 'steered'),
    );
    expect(metrics.gap.raw.value).toBeGreaterThan(0.3);
    expect(metrics.utility!.none.pass.value).toBeGreaterThan(0.9);
    expect(metrics.utility!.none.kl).toBe(0);
    expect(metrics.utility!.steered.kl).toBeGreaterThan(0);
    // What a setting costs without a base is tried once, whoever asks.
    const tried = readFileSync(join(dir, 'run/pieces/ordinary.jsonl'), 'utf8').trim().split('\n');
    const asking = new Set(tried.map((line) => JSON.parse(line).key.split(' ')[0]));
    expect([...asking].sort()).toEqual(['all', ...metrics.data.bases].sort());
    for (const { points } of metrics.curves)
      expect(points.map(({ strength }) => strength)).toEqual([0, 0.75, 1]);
    expect(readFileSync(join(dir, 'run/report.html'), 'utf8')).toMatch(/^<!doctype html>/i);

    const vector = join('run', metrics.vector.file);
    const shown = await suture(['generate', '-v', vector]);
    expect(shown.code).toBe(0);
    expect(shown.out).toContain('Without the vector:');
    expect(shown.out).toMatch(/With it \(CWE-787, layer \d/);
    const refused = await suture(['generate', '-m', fixture, '-v', vector, '--raw', 'x']);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/BAD_VECTOR/);
  }, 300_000);

  it('goes on after kills in every stage, and ends as a run that was not cut off', async () => {
    for (const at of STAGES) {
      const { code } = await repair('cut', { at, signal: 'SIGKILL' });
      expect(code).not.toBe(0);
      expect(existsSync(join(dir, 'cut/metrics.json'))).toBe(false);
    }
    expect((await repair('cut')).code).toBe(0);
    const same = (metrics: RepairMetrics) => ({ ...metrics, created: '', seconds: 0 });
    expect(same(metricsOf('cut'))).toEqual(same(metricsOf('run')));
    const samples = (out: string) =>
      readFileSync(join(dir, out, 'samples.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .sort();
    expect(samples('cut')).toEqual(samples('run'));

    const other = await suture([
      'repair',
      ...['-p', 'pairs.jsonl', '--items', 'items.jsonl', '--seed', '1', '-o', 'cut'],
    ]);
    expect(other.code).toBe(1);
    expect(other.err).toMatch(/another configuration.*BAD_ARGUMENT/s);
  }, 300_000);

  it('stands beside others in a report', async () => {
    const folder = (name: string, files: Record<string, unknown>) => {
      mkdirSync(join(dir, name), { recursive: true });
      for (const [file, value] of Object.entries(files))
        writeFileSync(join(dir, name, file), JSON.stringify(value));
    };
    const config = { command: 'repair' };
    folder('runs/b', { 'run.json': config, 'metrics.json': metricsOf('run') });
    const { code, out } = await suture(['report', 'run', 'runs', '-o', 'both.html']);
    expect(out.match(/^organism \(llama\) +CWE-787/gm)).toHaveLength(2);
    expect(code).toBe(0);
    expect(readFileSync(join(dir, 'both.html'), 'utf8')).toMatch(/^<!doctype html>/i);
    const json = await suture(['report', 'run', '--format', 'json']);
    expect(JSON.parse(json.out)).toEqual([
      { kind: 'repair', dir: 'run', metrics: metricsOf('run') },
    ]);
    folder('runs/c', { 'run.json': config });
    expect((await suture(['report', 'runs'])).err).toMatch(/runs\/c has no metrics yet.*BAD_DATA/);
    folder('runs/c', { 'run.json': { command: 'gap' } });
    expect((await suture(['report', 'runs/c'])).err).toMatch(/"suture gap".*UNSUPPORTED/);
  }, 60_000);

  it('stops at Ctrl-C with its own exit code, and leaves no metrics', async () => {
    const { code, err } = await repair('stopped', { at: 'find the layer', signal: 'SIGINT' });
    expect(err).toMatch(/INTERRUPTED/);
    expect(code).toBe(130);
    expect(existsSync(join(dir, 'stopped/run.json'))).toBe(true);
    expect(existsSync(join(dir, 'stopped/metrics.json'))).toBe(false);
  }, 300_000);
});
