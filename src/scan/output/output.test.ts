import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Auditor } from '../audit.js';
import { readBaseline, withoutKnown, writeBaseline } from './baseline.js';
import { findingsOf, reportAsJson, reportAsText, type ScannedFile } from './report.js';

const auditor = await Auditor.load(['python']);
const SOURCE = 'import os\n\ndef remove(name):\n    os.remove(name)\n';
const scan = (source: string, path = 'a b.py') => {
  const files: ScannedFile[] = [{ path, ...auditor.scan(source, 'python') }];
  return { files, sources: new Map([[path, source]]) };
};
const dir = mkdtempSync(join(tmpdir(), 'suture-output-'));
afterAll(() => rmSync(dir, { recursive: true }));

describe('reports', () => {
  it('prints findings as compilers do', () => {
    const text = reportAsText({ version: '1', ...scan(SOURCE) });
    expect(text).toBe(
      'a b.py:4:5: high: os.remove opens a path made of untrusted data [CWE-022, path-traversal]\n    a b.py:3:1: parameter name of remove\n1 finding in 1 file\n',
    );
  });

  it('writes the JSON that it promises', () => {
    const report = JSON.parse(reportAsJson({ version: '1', files: scan(SOURCE).files }));
    expect(Object.keys(report)).toEqual(['version', 'files']);
    expect(Object.keys(report.files[0])).toEqual(['path', 'language', 'parse', 'verdicts']);
    for (const verdict of report.files[0].verdicts)
      expect(Object.keys(verdict)).toEqual(['cwe', 'verdict', 'reason', 'findings']);
  });
});

describe('a baseline', () => {
  it('leaves out what was there before, wherever its line has moved to, and nothing else', () => {
    const path = join(dir, 'baseline.json');
    const before = scan(SOURCE);
    writeBaseline(path, before.files, before.sources);
    const moved = scan(`# a comment\n${SOURCE}    os.remove(name)\n    os.unlink(name)\n`);
    const left = withoutKnown(moved.files, moved.sources, readBaseline(path));
    // The second of two lines alike is new, and so is the one that is not alike.
    expect(findingsOf(left).map(({ line }) => line)).toEqual([6, 7]);
    const same = withoutKnown(before.files, before.sources, readBaseline(path));
    expect(same[0]?.verdicts.find(({ cwe }) => cwe === 'CWE-022')).toMatchObject({
      verdict: 'undetermined',
      reason: 'its findings are in the baseline',
    });
  });

  it.each(['{}', '[]', 'null', '{', '{"format":"suture-baseline","version":2,"known":[]}'])(
    'is not %s',
    (content) => {
      const path = join(dir, 'bad.json');
      writeFileSync(path, content);
      expect(() => readBaseline(path)).toThrow(expect.objectContaining({ code: 'BAD_DATA' }));
    },
  );
});
