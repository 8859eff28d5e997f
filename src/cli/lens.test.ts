import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { suture } from './testing/suture.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'suture-cli-lens-'));
  const rows = ['a', 'b', 'c'].map((base) => ({
    id: base,
    base,
    cwe: 'CWE-787',
    prompts: { insecure: `${base}: be quick.`, secure: `${base}: be careful.` },
    bodies: {
      insecure: `sprintf(out, "%s", ${base});`,
      secure: `snprintf(out, 8, "%s", ${base});`,
    },
  }));
  writeFileSync(join(dir, 'pairs.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));
  writeFileSync(join(dir, 'text.c'), 'int main(void) { return puts("hello"); }\n'.repeat(100));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('suture lens', () => {
  it('reads through a lens that it trained on a text, for this model only', async () => {
    const tuned = join(dir, 'lens.safetensors');
    const pairs = join(dir, 'pairs.jsonl');
    const text = join(dir, 'text.c');
    const train = [
      'lens',
      'train',
      '--text',
      text,
      '--out',
      tuned,
      '--steps',
      '3',
      '--tokens',
      '64',
    ];
    const trained = await suture(...train);
    expect(trained).toMatchObject({ code: 0 });
    expect(trained.out).toMatch(/^layer +KL, logit lens/m);
    expect(trained.out).toMatch(/^embeddings +\d+\.\d{3} \[/m);
    expect(trained.out).toMatch(/^On held-out text the tuned lens is /m);
    const again = await suture(...train, '--json');
    const { depths, rows, steps } = JSON.parse(again.out);
    expect(depths.map(({ layer }: { layer: number }) => layer)).toEqual([-1, 0, 1, 2, 3, 4]);
    expect({ rows: rows.trained > 0 && rows.heldOut > 0, steps }).toEqual({ rows: true, steps: 3 });

    const logit = await suture('lens', '--pairs', pairs);
    expect(logit.out).toMatch(/^organism: logit lens, 3 pairs of 3 bases/m);
    const read = await suture('lens', '--pairs', pairs, '--tuned', tuned, '--json');
    expect(JSON.parse(read.out)).toMatchObject({ lens: 'tuned', pairs: 3 });

    const bytes = readFileSync(tuned);
    const at = bytes.indexOf('"model_hash":"') + '"model_hash":"'.length;
    bytes.write('0000', at);
    writeFileSync(tuned, bytes);
    const refused = await suture('lens', '--pairs', pairs, '--tuned', tuned);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/trained for another model/);
  });

  it('says what is wrong with a text', async () => {
    writeFileSync(join(dir, 'short.txt'), 'hello');
    const out = join(dir, 'none.safetensors');
    const short = await suture('lens', 'train', '--text', join(dir, 'short.txt'), '--out', out);
    expect(short.code).toBe(1);
    expect(short.err).toMatch(/at least 20 rows of text/);
    const missing = await suture('lens', 'train', '--text', join(dir, 'none'), '--out', out);
    expect(missing.code).toBe(1);
    expect((await suture('lens', 'train')).code).toBe(2);
    const elsewhere = ['--model', join(dir, 'none'), '--out', out];
    expect((await suture('lens', 'train', ...elsewhere)).err).toMatch(/none/);
  });
});
