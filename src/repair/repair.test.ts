import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { assetPath, readJson } from '../core/index.js';
import type { Model } from '../engine/index.js';
import type { PromptPair } from '../evaluate/index.js';
import { packageVersion, repair } from './index.js';

const dir = mkdtempSync(join(tmpdir(), 'suture-repair-'));
afterAll(() => rmSync(dir, { recursive: true }));

it('packageVersion is that of package.json', () => {
  expect(readJson(assetPath('..', 'package.json'))).toMatchObject({ version: packageVersion() });
});

describe('repair refuses, before it runs or writes anything,', () => {
  const pair = (base: string, split: PromptPair['split'], changes: Partial<PromptPair> = {}) =>
    ({
      id: `${base}/${split}`,
      cwe: 'CWE-787',
      base,
      form: split,
      split,
      language: 'c',
      ...changes,
    }) as PromptPair;
  const both = (base: string) => [pair(base, 'derive'), pair(base, 'judge')];
  const bases = [...both('a'), ...both('b'), ...both('c')];
  const refused = async (pairs: readonly PromptPair[], chatTemplate: string | undefined = 't') => {
    // A model that cannot do anything: it is not asked.
    const model = { id: 'm', tokenizer: { chatTemplate } } as unknown as Model;
    const out = join(dir, 'out');
    const thrown: unknown = await repair(model, {
      cwe: 'CWE-787',
      pairs,
      reviewItems: [],
      out,
    }).catch((error: unknown) => error);
    expect(existsSync(out)).toBe(false);
    return thrown;
  };

  it('a model without a chat template', async () => {
    expect(await refused(bases, '')).toMatchObject({
      code: 'BAD_ARGUMENT',
      message: expect.stringContaining('m has no chat template'),
    });
  });
  it.each(['derive', 'judge'] as const)('a base that only has the split %s', async (split) => {
    expect(await refused([...bases, pair('lone', split)])).toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringMatching(/"lone" needs pairs of both splits/),
    });
  });
  it('a judged form that a vector is made from', async () => {
    const shared = [...bases.slice(0, -1), pair('c', 'judge', { form: 'derive' })];
    expect(await refused(shared)).toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringContaining('both use the form "derive"'),
    });
  });
});
