import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { suture } from './testing/suture.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'suture-cli-probe-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const rows = ['a', 'b', 'c'].flatMap((base) =>
  [1, 2].map((i) => ({
    id: `${base}/${i}`,
    base,
    cwe: 'CWE-089',
    prompts: { insecure: `${base}${i}: be quick.`, secure: `${base}${i}: be careful.` },
  })),
);

describe('suture probe', () => {
  it('prints layers, controls, the verdict and what was left out', async () => {
    const pairs = join(dir, 'pairs.jsonl');
    const twins = { ...rows[0], prompts: { insecure: 'same', secure: 'same' } };
    writeFileSync(pairs, [...rows, twins].map((row) => JSON.stringify(row)).join('\n'));
    const text = await suture('probe', '--pairs', pairs, '--shuffles', '1');
    expect(text.code).toBe(0);
    expect(text.out).toMatch(/6 pairs of 3 groups/);
    expect(text.out).toMatch(/left out: 1 with identical texts/);
    expect(text.out).toMatch(/^layer +AUROC/m);
    expect(text.out).toMatch(/^5 +[01]\.\d{3} \[/m);
    expect(text.out).toMatch(/^bag of tokens +1\.000/m);
    expect(text.out).toMatch(/^(Not decodable|Decodable)/m);
    expect(text.out).toMatch(/^DeepGuard's statistic/m);
    const json = await suture('probe', '--pairs', pairs, '--position', 'changed', '--json');
    expect(JSON.parse(json.out).positions[0]).toMatchObject({ position: 'changed' });
    const none = await suture('probe', '--pairs', pairs, '--cwe', '79');
    expect(none).toMatchObject({ code: 1, err: expect.stringMatching(/no pair of CWE-079/) });
  });

  it.each([
    [['--position', 'middle'], /There are last_prompt, decision/],
    [['--pairs', 'a', '--sven', 'b'], /cannot be used with/],
    [['--cwe', 'x'], /like CWE-787/],
  ])('%j is a wrong command line', async (args, message) => {
    const { code, err } = await suture('probe', ...args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});
