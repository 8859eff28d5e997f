import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { breaches, checkTree } from './rooms.js';

const check = (file: string, source: string) => breaches('/src', `/src/${file}`, source);

describe('the room rule', () => {
  it('lets a room import a lower one through its index, and its own files', () => {
    expect(
      check('engine/a.ts', "import { x } from '../graph/index.js';\nexport * from './b.js';"),
    ).toEqual([]);
  });
  it('refuses a higher floor, the same floor and a way past the index', () => {
    expect(check('graph/a.ts', "import { x } from '../engine/index.js';")).toHaveLength(1);
    expect(check('models/a.ts', "import { x } from '../text/index.js';")).toHaveLength(1);
    expect(check('engine/a.ts', "export { x } from '../graph/ops.js';")).toHaveLength(1);
    expect(check('engine/a.ts', "const x = await import('../cli/index.js');")).toHaveLength(1);
  });
  it('refuses a folder that is not a room', () => {
    expect(check('cellar/a.ts', '')).toHaveLength(1);
  });
  it('finds a breach in a tree on disk, and none in ours', () => {
    const root = mkdtempSync(join(tmpdir(), 'rooms-'));
    mkdirSync(join(root, 'core'));
    writeFileSync(join(root, 'core', 'a.ts'), "import '../cli/index.js';");
    expect(checkTree(root)).toHaveLength(1);
    expect(checkTree(fileURLToPath(new URL('../src', import.meta.url)))).toEqual([]);
  });
});
