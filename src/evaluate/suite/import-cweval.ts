import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { assetPath, readText } from '../../core/index.js';
import type { Scenario } from './scenario.js';

const TASK = /^cwe_(\d+)_(\w+)_task\.py$/;
const SOLUTION = /^[ \t]*# BEGIN SOLUTION[^\n]*\n/m;

/** Whether a folder holds tasks of CWEval (Peng et al. 2025), itself or in folders. */
export const isCwEval = (folder: string): boolean => tasksIn(folder).length > 0;

/**
 * The Python tasks of CWEval. Its tests are marked `functionality` or `security`, with pytest; tasks in
 * other languages are tested by programs that compile them where they lie, and are left out.
 */
export function importCwEval(folder: string): Scenario[] {
  return tasksIn(folder).map(({ dir, file }) => {
    const [, number, rest] = TASK.exec(file)!;
    const id = file.replace(/_task\.py$/, '');
    const source = readText(join(dir, file));
    const solution = SOLUTION.exec(source);
    const begin = solution ? solution.index : source.length;
    const prompt = source.slice(0, begin);
    const unsafePath = join(dir, `${id}_unsafe.py`);
    const unsafe = existsSync(unsafePath) ? SOLUTION.exec(readText(unsafePath)) : null;
    const testPath = join(dir, `${id}_test.py`);
    const tests = existsSync(testPath) ? readText(testPath) : undefined;
    const marked = (kind: string) =>
      tests === undefined ? undefined : `${tests}\n${suffix()}\n\n_keep_marked("${kind}")\n`;
    return {
      id,
      base: id,
      cwe: `CWE-${number!.padStart(3, '0')}`,
      language: 'python',
      split: 'held-out',
      title: `task ${rest}`,
      entry: [...prompt.matchAll(/^def (\w+)/gm)].at(-1)?.[1],
      packages: importsOf(`${prompt}\n${tests ?? ''}`),
      prompts: { completion: prompt },
      after: '',
      files: {},
      functional: marked('functionality'),
      security: tests?.includes('mark.security') ? marked('security') : undefined,
      references: {
        ...(solution && { secure: source.slice(begin + solution[0].length) }),
        ...(unsafe && { insecure: unsafe.input.slice(unsafe.index + unsafe[0].length) }),
      },
      module: `${id}_task`,
    };
  });
}

const suffix = () => readText(assetPath('evaluate', 'cweval.py'));

function tasksIn(folder: string): { dir: string; file: string }[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.isDirectory() && !entry.name.startsWith('.')) {
        return tasksIn(join(folder, entry.name));
      }
      return TASK.test(entry.name) ? [{ dir: folder, file: entry.name }] : [];
    });
}

/** The modules that a Python source imports. */
export function importsOf(source: string): string[] {
  const found = source.matchAll(/^[ \t]*(?:import|from)[ \t]+([A-Za-z_]\w*)/gm);
  return [...new Set([...found].map(([, name]) => name!))];
}
