import assert from 'node:assert/strict';
import {mkdtemp,mkdir,rm,writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {tmpdir} from 'node:os';
import * as candidate from './candidate.js';

export async function testStaysInTheFolder() {
  const base = await mkdtemp(join(tmpdir(), 'wiki-'));
  try {
    const root = join(base, 'pages');
    await mkdir(join(root, 'guide'), { recursive: true });
    await mkdir(join(base, 'pages-old'));
    await writeFile(join(base, 'secret.md'), 'secret');
    await writeFile(join(base, 'pages-old', 'x.md'), 'secret');
    const names = ['../secret', 'guide/../../secret', join(base, 'secret'), '../pages-old/x', './../secret'];
    for (const name of names) {
      const text = await candidate.readPage(root, name).catch(() => null);
      assert.notEqual(text, 'secret', name);
    }
  } finally {
    await rm(base, { recursive: true });
  }
}
