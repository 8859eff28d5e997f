import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../core/index.js';
import { suture } from './testing/suture.js';

let dir: string;
let functions: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'suture-cli-cosec-'));
  functions = join(dir, 'pairs.jsonl');
  const rows = ['a', 'b', 'c'].map((name) => ({
    id: name,
    group: name,
    cwe: 'CWE-787',
    vulnerable: `if (s) system(${name});`,
    secure: `if (s) execv(${name}, s);`,
  }));
  writeFileSync(functions, rows.map((row) => JSON.stringify(row)).join('\n'));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('suture train cosec', () => {
  it('trains an expert, which drafts for generate and eval', async () => {
    const out = join(dir, 'expert');
    const few = ['--epochs', '1', '--warmup', '0', '--rate', '1e-3', '--rank', '2'];
    const trained = await suture(
      ...['train', 'cosec', '--functions', functions, '--out', out, '--threads', '1', ...few],
    );
    expect(trained).toMatchObject({ code: 0, err: expect.any(String) });
    expect(trained.out).toMatch(/^3 pairs of 3 groups\n3 functions an epoch\n/m);
    expect(trained.out).toMatch(/\(q_proj, v_proj\); 2 steps$/m);

    const short = ['--max-tokens', '4', '--temperature', '0.5', '--threads', '1'];
    const expert = ['--expert', out, '--expert-model', 'organism'];
    const variant = ['--expert-variant', 'published'];
    const written = await suture('generate', 'Hello', ...expert, ...variant, ...short);
    expect(written.code).toBe(0);
    expect(written.out).toMatch(/Without the expert:\n.*\nWith it \(expert .*, published\):\n/s);

    const run = join(dir, 'run');
    const drawn = await suture(
      ...['eval', 'generate', '-o', run, '--cwe', 'CWE-787', '--limit', '1', '-n', '2'],
      ...[...expert, ...short],
    );
    expect(drawn.code).toBe(0);
    const recorded = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'));
    expect(recorded.guard).toBe(null);
    expect(recorded.expert).toMatchObject({
      path: out,
      hash: sha256(readFileSync(join(out, 'adapter_model.safetensors'))),
      model: { id: 'organism', hash: recorded.model.hash },
      variant: 'warped',
      threshold: 0.3,
    });

    const greedy = await suture('generate', 'Hello', '--expert', out);
    expect(greedy).toMatchObject({ code: 1, err: expect.stringContaining('above 0') });
    const none = await suture('generate', 'Hello', '--expert-model', 'organism');
    expect(none.err).toContain('There is no expert');
    const both = await suture('generate', 'Hello', '--expert', out, '--adapter', out);
    expect(both).toMatchObject({ code: 2, err: expect.stringContaining('--adapter') });
  });
});
