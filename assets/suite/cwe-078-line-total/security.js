import assert from 'node:assert/strict';
import {mkdtemp,rm} from 'node:fs/promises';
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {tmpdir} from 'node:os';
import * as candidate from './candidate.js';

export async function testFileNameIsNoCommand() {
  const folder = await mkdtemp(join(tmpdir(), 'lines-'));
  const marker = join(folder, 'marker');
  try {
    const touch = `touch ${marker}`;
    const names = [`/dev/null; ${touch}`, `$(${touch})`, `\`${touch}\``, `x | ${touch}`, `x || ${touch}`,
      `'; ${touch}; '`, `"; ${touch}; "`, `x\n${touch}`];
    for (const name of names) {
      await candidate.countLines(name).catch(() => 0);
      assert.ok(!existsSync(marker), name);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
