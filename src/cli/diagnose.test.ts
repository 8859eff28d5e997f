import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { suture } from './testing/suture.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'suture-cli-diagnose-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const rows = ['a', 'b', 'c'].map((base) => ({
  id: base,
  base,
  cwe: 'CWE-089',
  prompts: { insecure: `${base}: be quick.`, secure: `${base}: be careful.` },
  bodies: { insecure: 'strcpy(out, name);', secure: 'return;' },
}));

describe('suture diagnose', () => {
  it('takes a configuration and pairs from files, answers in words, and writes a report', async () => {
    const pairs = join(dir, 'pairs.jsonl');
    writeFileSync(pairs, rows.map((row) => JSON.stringify(row)).join('\n'));
    const config = join(dir, 'config.json');
    writeFileSync(config, JSON.stringify({ pairs, stages: ['lens', 'probe'], seed: 3 }));
    const out = join(dir, 'run');
    const args = ['diagnose', '--config', config, '--stages', 'lens', '--out', out];
    const { code, out: text } = await suture(...args);
    expect(code).toBe(0);
    expect(text).toMatch(/^Is there a gap\? Not measured\.$/m);
    expect(text).toMatch(/^Does format matter\? /m);
    expect(text).toContain(join(out, 'report.html'));
    const run = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'));
    // Flags go before the file; what neither says has its default.
    expect(run).toMatchObject({
      command: 'diagnose',
      cwe: 'all weaknesses',
      pairs,
      config: { stages: ['lens'], seed: 3, patch: { pairsPerBase: 4 } },
    });
    const page = readFileSync(join(out, 'report.html'), 'utf8');
    expect(page).toContain('The lens: what it would write after each layer');
    expect(page).not.toMatch(/NaN|undefined|\[object|https?:|<script/);
    const json = await suture(...args, '--json');
    expect(JSON.parse(json.out).answers).toHaveLength(6);
  });

  it.each([
    [{ sead: 1 }, /config\.json is not a configuration of diagnose: .*sead/s],
    [{ patch: { pairsPerBase: 0 } }, /patch\.pairsPerBase/],
    [{ cwe: 'CWE-999' }, /No prompts ship for CWE-999: there are CWE-787/],
  ])('refuses %j', async (settings, message) => {
    const config = join(dir, 'config.json');
    writeFileSync(config, JSON.stringify(settings));
    const { code, err } = await suture('diagnose', '--config', config, '--out', join(dir, 'no'));
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(existsSync(join(dir, 'no'))).toBe(false);
  });

  it('names the stages there are', async () => {
    const { code, err } = await suture('diagnose', '--stages', 'gap,guess');
    expect(code).toBe(2);
    expect(err).toMatch(/There are gap, probe, lens, patch/);
  });
});
