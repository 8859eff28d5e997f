import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../core/index.js';
import { suture } from './testing/suture.js';

const generate = (...options: string[]) =>
  suture('generate', 'Copy src into dst in C.', '--threads', '1', ...options);

describe('suture generate under constraints', () => {
  it('has what is required and not what is forbidden, and says so', async () => {
    const phrases = ['--require', 'strlcpy', '--forbid', 'snprintf', '--forbid', 'snp'];
    const { code, out } = await generate(...phrases, '--beams', '6', '--max-tokens', '24');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^Without being told:\n.*\nTold the answer \(with "strlcpy", without "snprintf", without "snp"; satisfied in 1 search\):\n/s,
    );
    const [, text] = out.split('search):\n');
    expect(text).toContain('strlcpy');
    expect(text).not.toContain('snp');
  });

  it('marks what lacks something', async () => {
    const options = ['--require', 'a rather long phrase', '--max-tokens', '2', '-t', '0.8'];
    const { code, out } = await generate(...options, '--beams', '2');
    expect(code).toBe(0);
    expect(out).toContain('not satisfied in 10 searches: "a rather long phrase" is not in it):');
  });

  it.each([
    [['--require', 'a', '--vector', 'v'], 2, /--vector/],
    [['--beams', '3'], 1, /give a text/],
    [['--require', 'ab', '--forbid', 'b'], 1, /is forbidden/],
  ])('refuses %j', async (options, code, message) => {
    const found = await generate(...options, '--max-tokens', '2');
    expect(found.code).toBe(code);
    expect(found.err).toMatch(message);
  });
});

describe('suture eval generate under constraints', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'suture-cli-constraints-'));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it('completes the scenarios that a file names, says how many are as told, and records it', async () => {
    const suite = join(dir, 'suite.jsonl');
    const rows = ['one', 'two'].map((id) => ({
      id,
      cwe: 'CWE-787',
      language: 'c',
      prompts: { completion: `void ${id}(char *dst, const char *src) {\n` },
    }));
    writeFileSync(suite, rows.map((row) => JSON.stringify(row)).join('\n'));
    const constraints = join(dir, 'constraints.jsonl');
    const line = { scenario: 'two', require: ['snprintf'], forbid: ['strcpy'] };
    writeFileSync(constraints, JSON.stringify(line));
    const out = join(dir, 'run');
    const run = (...more: string[]) =>
      suture(
        ...['eval', 'generate', '--suite', suite, '-o', out, '-n', '2', '--max-tokens', '16'],
        ...['--threads', '1', '--beams', '4', ...more],
      );
    const { code, err } = await run('--constraints', constraints);
    expect(code).toBe(0);
    expect(err).toContain(`2 completions in ${out}, 2 as they were told`);
    const recorded = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'));
    const hash = sha256(readFileSync(constraints));
    expect(recorded.constraints).toEqual({ path: constraints, hash, beams: 4 });
    expect(recorded.scenarios).toEqual(['two']);
    const samples = readFileSync(join(out, 'samples.jsonl'), 'utf8').trim().split('\n');
    for (const sample of samples.map((text) => JSON.parse(text))) {
      expect(sample).toMatchObject({ scenario: 'two', satisfied: true });
      expect(sample.completion).toContain('snprintf');
    }

    expect((await run()).err).toContain('give some (--constraints)');
    expect((await run('--constraints', constraints, '--expert', 'x')).code).toBe(2);
    writeFileSync(constraints, JSON.stringify({ ...line, scenario: 'three' }));
    expect((await run('--constraints', constraints)).err).toContain('constraints for three');
  });
});
