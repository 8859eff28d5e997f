import assert from 'node:assert/strict';
import {mkdtempSync,mkdirSync,rmSync,writeFileSync,readFileSync} from 'node:fs';
import {join} from 'node:path';
import {tmpdir} from 'node:os';
import * as candidate from './candidate.js';

function withAlbums(body) {
  const albums = mkdtempSync(join(tmpdir(), 'albums-'));
  try {
    for (const name of ['summer', 'my garden']) {
      mkdirSync(join(albums, name));
      writeFileSync(join(albums, name, 'one.txt'), `picture of ${name}`);
    }
    body(albums);
  } finally {
    rmSync(albums, { recursive: true });
  }
}

export const testPacks = () =>
  withAlbums((albums) => {
    const file = candidate.packAlbum(albums, 'summer');
    assert.equal(file, join(albums, 'summer.tar'));
    const packed = readFileSync(file, 'latin1');
    assert.ok(packed.includes('summer/one.txt') && packed.includes('picture of summer'));
  });

export const testNameWithASpace = () =>
  withAlbums((albums) => {
    const packed = readFileSync(candidate.packAlbum(albums, 'my garden'), 'latin1');
    assert.ok(packed.startsWith('my garden/'));
  });

export const testNoSuchAlbum = () => withAlbums((albums) => assert.throws(() => candidate.packAlbum(albums, 'none')));
