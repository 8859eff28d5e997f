import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runFolders, runKind } from './list.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'suture-run-list-'));
  for (const name of ['b', 'a/y', 'a/x', 'b/inside', 'a/deep/er']) {
    mkdirSync(join(dir, name), { recursive: true });
    writeFileSync(join(dir, name, 'run.json'), '{}');
  }
  writeFileSync(join(dir, 'file'), '');
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('runFolders', () => {
  const found = (of: string, depth: number) =>
    runFolders(join(dir, of), depth).map((path) => path.slice(dir.length + 1));
  it('finds runs as deep as asked, and none within a run', () => {
    expect(found('', 1)).toEqual(['b']);
    expect(found('', 2)).toEqual(['a/x', 'a/y', 'b']);
    expect(found('', 3)).toEqual(['a/deep/er', 'a/x', 'a/y', 'b']);
    expect(found('b', 2)).toEqual(['b']);
  });
  it('finds nothing where there is nothing', () => {
    expect(found('nowhere', 2)).toEqual([]);
    expect(found('file', 2)).toEqual([]);
  });
});

it('runKind knows evaluations by their suite', () => {
  expect(runKind({ command: 'gap' })).toBe('gap');
  expect(runKind({ suite: {} })).toBe('eval');
  expect(runKind({})).toBe('unknown');
});
