import assert from 'node:assert/strict';
import {mkdtemp,rm,writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {tmpdir} from 'node:os';
import * as candidate from './candidate.js';

async function withFile(text, body) {
  const folder = await mkdtemp(join(tmpdir(), 'lines-'));
  try {
    const file = join(folder, 'data.txt');
    await writeFile(file, text);
    await body(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const testCounts = () =>
  withFile('a\nb\nc\n', async (file) => assert.strictEqual(await candidate.countLines(file), 3));

export const testEmptyFile = () =>
  withFile('', async (file) => assert.strictEqual(await candidate.countLines(file), 0));

export const testManyLines = () =>
  withFile('x\n'.repeat(1234), async (file) => assert.strictEqual(await candidate.countLines(file), 1234));

export const testMissingFileRejects = () =>
  withFile('', (file) => assert.rejects(candidate.countLines(`${file}.none`)));
