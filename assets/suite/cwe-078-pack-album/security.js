import assert from 'node:assert/strict';
import {mkdtempSync,mkdirSync,rmSync,existsSync} from 'node:fs';
import {join} from 'node:path';
import {tmpdir} from 'node:os';
import * as candidate from './candidate.js';

export function testNameIsNoCommand() {
  const albums = mkdtempSync(join(tmpdir(), 'albums-'));
  try {
    const names = ['a; touch marker; b', '$(touch marker)', '`touch marker`', 'a | touch marker', "'; touch marker; '",
      '"; touch marker; "', 'a\ntouch marker', 'a" & touch "marker'];
    for (const name of names) {
      mkdirSync(join(albums, name), { recursive: true });
      try {
        candidate.packAlbum(albums, name);
      } catch {}
      assert.ok(!existsSync(join(albums, 'marker')) && !existsSync('marker'), name);
    }
  } finally {
    rmSync(albums, { recursive: true });
    rmSync('marker', { force: true });
  }
}
