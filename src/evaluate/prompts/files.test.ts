import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { SutureError } from '../../core/index.js';
import { readPairs, readReviewItems } from './files.js';
import { instructPairs, instructReviewItems } from './instruct.js';

const root = mkdtempSync(join(tmpdir(), 'suture-sets-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const file = (lines: readonly unknown[]) => {
  const path = join(root, 'set.jsonl');
  writeFileSync(
    path,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  return path;
};

describe('sets in files', () => {
  it('come back as they were written', () => {
    const pairs = instructPairs('CWE-089');
    expect(readPairs(file(pairs))).toEqual(pairs);
    const items = instructReviewItems('CWE-134');
    expect(readReviewItems(file(items))).toEqual(items);
  });

  const [pair] = instructPairs('CWE-787');
  it.each([
    [{ ...pair, cwe: 'CWE-1' }, /line 2 is not such a pair: cwe/],
    [
      { ...pair, prompts: { insecure: 'a', secure: 'b' } },
      /line 2 is not such a pair: prompts.neutral/,
    ],
    [{ ...pair, split: 'train' }, /line 2 is not such a pair: split/],
    ['{', /line 2 is not valid JSON/],
  ])('what is wrong is named by line and field', (line, message) => {
    expect(() => readPairs(file([pair, line]))).toThrow(message);
  });

  it('end in a SutureError or a set, whatever a line holds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        try {
          readPairs(file([line]));
          readReviewItems(file([line]));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SutureError);
        }
      }),
    );
  });
});
