import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boundTo, identifyModel } from '../engine/index.js';
import type { Playground } from '../server/index.js';
import { type VectorFile, writeVector } from '../steer/index.js';
import { bin } from './testing/process.js';
import { suture } from './testing/suture.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'suture-cli-studio-'));
  const organism = identifyModel('organism');
  const vector: VectorFile = {
    metadata: { ...boundTo(organism), method: 'x', strength: 1, positions: 'last_prompt' },
    directions: new Map([[5, new Float32Array(organism.dModel).fill(0.1)]]),
  };
  const other = { ...vector, metadata: { ...vector.metadata, model_hash: 'another' } };
  for (const [name, file] of Object.entries({ 'mine/cwe-787': vector, foreign: other })) {
    const dir = join(root, 'runs', name);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'run.json'), '{"command": "repair"}');
    writeVector(join(dir, 'v.safetensors'), file);
  }
  writeVector(join(root, 'named.safetensors'), vector);
});
afterAll(() => rmSync(root, { recursive: true }));

describe('suture studio', () => {
  it('says where it is, and offers the vectors of runs that are of this model beside those named', async () => {
    const args = ['studio', '--port', '0', '--threads', '1', '-v', 'named=named.safetensors'];
    const child = spawn(process.execPath, [bin, ...args], { cwd: root });
    try {
      const [line] = await once(child.stdout, 'data');
      expect(String(line)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/studio\n$/);
      const answer = await fetch(`${String(line).trim()}/api/playground`);
      const { vectors } = (await answer.json()) as Playground;
      expect(vectors.map(({ name }) => name)).toEqual(['mine.cwe-787', 'named']);
      child.kill('SIGTERM');
      expect((await once(child, 'close'))[0]).toBe(0);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it.each([
    ['a folder that is not there', ['--runs', '/nowhere'], 'There is no folder /nowhere'],
    ['what suture serve refuses', ['--host', '0.0.0.0'], 'SUTURE_API_KEY'],
  ])('refuses %s', async (_, args, words) => {
    const ended = await suture('studio', '--threads', '1', ...args);
    expect(ended).toMatchObject({ code: 1, err: expect.stringContaining(words) });
  });
});
