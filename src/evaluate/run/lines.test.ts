import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { JsonLines } from './lines.js';

const root = mkdtempSync(join(tmpdir(), 'suture-lines-'));
afterAll(() => rmSync(root, { recursive: true }));
const path = join(root, 'lines.jsonl');

const opened = <T>(text: string, use: (lines: JsonLines<unknown>) => T): T => {
  writeFileSync(path, text);
  const lines = new JsonLines(path);
  try {
    return use(lines);
  } finally {
    lines.close();
  }
};

it('gives all values in order, each again by its place, and leaves out what a kill has cut off', () => {
  const long = fc.nat(3).map((n) => 'é'.repeat(n * 400_000));
  const values = fc.array(fc.oneof({ weight: 9, arbitrary: fc.jsonValue() }, long), {
    maxLength: 9,
  });
  fc.assert(
    fc.property(values, (written) => {
      const text = written.map((value) => `${JSON.stringify(value)}\n`).join('');
      opened(`${text}{"cut`, (lines) => {
        const found = [...lines.values()];
        expect(found.map(({ value }) => value)).toEqual(JSON.parse(JSON.stringify(written)));
        for (const { value, place } of found) expect(lines.read(place)).toEqual(value);
        expect(lines.whole).toBe(Buffer.byteLength(text));
      });
    }),
    { numRuns: 40 },
  );
});

it('names a line that is no JSON, and a file that is not there', () => {
  opened('1\n{\n', (lines) => {
    expect(() => [...lines.values()]).toThrow(/lines\.jsonl, line 2, is not valid JSON/);
  });
  expect(() => new JsonLines(join(root, 'none'))).toThrow(/none/);
});
