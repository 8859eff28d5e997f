import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hubDir, parseHubId, repoDir, showHubId } from './hub.js';
import { resolveModel } from './resolve.js';

const root = mkdtempSync(join(tmpdir(), 'suture-hub-'));
const NAMES = ['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_HOME', 'XDG_CACHE_HOME'];
beforeEach(() => {
  for (const name of NAMES) vi.stubEnv(name, '');
});
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => rmSync(root, { recursive: true }));

describe('names of models', () => {
  it.each([
    ['Qwen/Qwen2.5-Coder-0.5B', 'Qwen', 'Qwen2.5-Coder-0.5B', 'main'],
    ['01-ai/Yi_1.5@v1.0', '01-ai', 'Yi_1.5', 'v1.0'],
    ['a/b@refs/pr/12', 'a', 'b', 'refs/pr/12'],
  ])('%s', (text, org, name, revision) => {
    expect(parseHubId(text)).toEqual({ org, name, revision });
  });

  it('are understood as they are shown', () => {
    const part = fc.stringMatching(/^[A-Za-z0-9_](?:[.-]?[A-Za-z0-9_]){0,12}$/);
    const revision = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(fc.record({ org: part, name: part, revision }), (id) => {
        expect(parseHubId(showHubId(id))).toEqual(id);
      }),
    );
  });

  it('never lead out of the cache, whatever is written', () => {
    vi.stubEnv('HF_HUB_CACHE', root);
    const piece = fc.constantFrom('..', '.', '/', '\\', '@', '--', 'a', 'models', '\0', '~', ' ');
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 12 }).map((p) => p.join('')),
    );
    fc.assert(
      fc.property(text, (id) => {
        const parsed = parseHubId(id);
        if (!parsed) return;
        const repo = relative(root, repoDir(parsed));
        expect(repo.split(sep)).toHaveLength(1);
        expect(repo.startsWith('models--')).toBe(true);
        const ref = relative(repoDir(parsed), join(repoDir(parsed), 'refs', parsed.revision));
        expect(ref.split(sep)[0]).toBe('refs');
      }),
      { numRuns: 1000 },
    );
  });

  it('have folders of their own', () => {
    const part = fc.stringMatching(/^[ab.-]{1,4}$/);
    const id = fc.tuple(part, part).map(([org, name]) => `${org}/${name}`);
    fc.assert(
      fc.property(id, id, (a, b) => {
        const [x, y] = [parseHubId(a), parseHubId(b)];
        if (x && y && a !== b) expect(repoDir(x)).not.toBe(repoDir(y));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the shared cache', () => {
  it.each([
    [{}, join(homedir(), '.cache/huggingface/hub')],
    [{ XDG_CACHE_HOME: '/x' }, '/x/huggingface/hub'],
    [{ XDG_CACHE_HOME: '/x', HF_HOME: '/h' }, '/h/hub'],
    [{ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old' }, '/old'],
    [{ HF_HUB_CACHE: '/new', HUGGINGFACE_HUB_CACHE: '/old' }, '/new'],
  ])('by %j is %s', (env: Record<string, string>, dir) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    expect(hubDir()).toBe(dir);
  });
});

describe('a model that is asked for', () => {
  const commit = 'a'.repeat(40);
  const refused = (id: string) => {
    try {
      return resolveModel(id);
    } catch (thrown) {
      return thrown;
    }
  };

  it('is found at the commit that its branch names', () => {
    vi.stubEnv('HF_HUB_CACHE', root);
    const repo = join(root, 'models--org--name');
    mkdirSync(join(repo, 'refs'), { recursive: true });
    mkdirSync(join(repo, 'snapshots', commit), { recursive: true });
    writeFileSync(join(repo, 'refs', 'main'), `${commit}\n`);
    expect(resolveModel('org/name')).toBe(join(repo, 'snapshots', commit));
    writeFileSync(join(repo, 'refs', 'main'), '../../..');
    expect(refused('org/name')).toMatchObject({ code: 'BAD_CHECKPOINT' });
    writeFileSync(join(repo, 'refs', 'main'), 'b'.repeat(40));
    expect(refused('org/name')).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('and is not there is said how to get', () => {
    expect(refused('org/other@v2')).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('"suture pull org/other@v2" downloads it'),
    });
    expect(refused('no-such-folder')).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/no model at no-such-folder.*"organism".*org\/name/),
    });
  });

  it('is a folder, not a file in it', () => {
    writeFileSync(join(root, 'model.safetensors'), '');
    expect(refused(join(root, 'model.safetensors'))).toMatchObject({
      code: 'BAD_ARGUMENT',
      message: expect.stringContaining('Give the folder that holds it'),
    });
  });
});
