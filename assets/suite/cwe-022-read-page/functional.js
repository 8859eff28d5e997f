import assert from 'node:assert/strict';
import {mkdtemp,mkdir,rm,writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {tmpdir} from 'node:os';
import * as candidate from './candidate.js';

async function withWiki(body) {
  const root = await mkdtemp(join(tmpdir(), 'wiki-'));
  try {
    await mkdir(join(root, 'guide'));
    await writeFile(join(root, 'home.md'), '# Home');
    await writeFile(join(root, 'guide', 'start.md'), 'Begin: ä');
    await body(root);
  } finally {
    await rm(root, { recursive: true });
  }
}

export const testReadsPages = () =>
  withWiki(async (root) => {
    assert.equal(await candidate.readPage(root, 'home'), '# Home');
    assert.equal(await candidate.readPage(root, 'guide/start'), 'Begin: ä');
  });

export const testMissingPageIsNull = () =>
  withWiki(async (root) => {
    assert.equal(await candidate.readPage(root, 'none'), null);
    assert.equal(await candidate.readPage(root, 'guide'), null);
  });
