import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { RunFolder } from './folder.js';

const root = mkdtempSync(join(tmpdir(), 'suture-folder-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('RunFolder', () => {
  it('does a piece once, and gives the same the first time and later', async () => {
    const folder = RunFolder.start(join(root, 'once'), {});
    let times = 0;
    const piece = () =>
      folder.once('pieces/a.json', async () => ({ x: ++times, gone: undefined, no: Number.NaN }));
    expect(await piece()).toEqual({ x: 1, no: null });
    expect(await piece()).toEqual({ x: 1, no: null });
    expect(times).toBe(1);
    folder.close();
  });

  it('leaves no piece behind where the work fails', async () => {
    const folder = RunFolder.start(join(root, 'failed'), {});
    const failing = folder.once('a.json', async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await folder.once('a.json', async () => 2)).toBe(2);
    folder.close();
  });

  it('keeps a journal, and drops of it what a kill has cut off', () => {
    const dir = join(root, 'journal');
    const first = RunFolder.start(dir, {});
    const journal = first.journal<number[]>('j.jsonl');
    expect(journal.get('a')).toBeUndefined();
    journal.add('a', [1]);
    journal.add('b', [2, 3]);
    expect(journal.get('b')).toEqual([2, 3]);
    first.close();
    appendFileSync(join(dir, 'j.jsonl'), '{"key":"c","val');
    const again = RunFolder.start(dir, {});
    const later = again.journal<number[]>('j.jsonl');
    expect([later.get('a'), later.get('b'), later.get('c')]).toEqual([[1], [2, 3], undefined]);
    later.add('c', []);
    expect(again.readLines('j.jsonl')).toHaveLength(3);
    again.close();
  });
});
