import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { assetPath, readText } from '../../core/index.js';
import type { Scenario } from './scenario.js';

const TASK = /^((?:cwe_(\d+)_\w+))_task\.(py|c|cpp|js)$/;
const SOLUTION = /^[ \t]*(?:#|\/\/) BEGIN SOLUTION[^\n]*\n/m;
/** Behind it is what calls the function from the command line; some tasks spell it otherwise. */
const ENTRY = /^[ \t]*(?:#|\/\/) BEGIN ENTRYPO\w*[^\n]*\n/m;

const LANGUAGES = { py: 'python', c: 'c', cpp: 'cpp', js: 'javascript' } as const;
type Ending = keyof typeof LANGUAGES;

/** Whether a folder holds tasks of CWEval (Peng et al. 2025), itself or in folders. */
export const isCwEval = (folder: string): boolean => tasksIn(folder).length > 0;

/**
 * The tasks of CWEval in Python, C, C++ and JavaScript; those in Go are left out. Its tests are marked
 * `functionality` or `security`, with pytest. In other languages than Python they start the program, which is
 * compiled for them where it has to be; libraries and packages that are missing are named, and the sample is
 * then undetermined.
 */
export function importCwEval(folder: string): Scenario[] {
  return tasksIn(folder).map(({ dir, file }) => {
    const [, id, number, ending] = TASK.exec(file) as unknown as [string, string, string, Ending];
    const source = readText(join(dir, file));
    const { prompt, solution, after } = partsOf(source);
    const unsafePath = join(dir, `${id}_unsafe.${ending}`);
    const unsafe = existsSync(unsafePath) ? partsOf(readText(unsafePath)).solution : undefined;
    const testPath = join(dir, `${id}_test.py`);
    const tests = existsSync(testPath) ? readText(testPath) : undefined;
    const python = ending === 'py';
    const [before, behind] = python ? ['', ''] : aroundTests(id, ending, dir, source);
    const marked = (kind: string) =>
      tests === undefined
        ? undefined
        : `${before}${tests}\n${suffix()}\n\n_keep_marked("${kind}")\n${behind}`;
    return {
      id,
      base: id,
      cwe: `CWE-${number.padStart(3, '0')}`,
      language: LANGUAGES[ending],
      split: 'held-out',
      title: `task ${id.replace(/^cwe_\d+_/, '')}`,
      entry: python ? [...prompt.matchAll(/^def (\w+)/gm)].at(-1)?.[1] : undefined,
      packages: importsOf(`${python ? prompt : ''}\n${tests ?? ''}`),
      prompts: { completion: prompt },
      after,
      files: {},
      functional: marked('functionality'),
      security: tests?.includes('mark.security') ? marked('security') : undefined,
      references: {
        ...(solution !== undefined && { secure: solution }),
        ...(unsafe !== undefined && { insecure: unsafe }),
      },
      module: `${id}_task`,
      ...(!python && {
        testsIn: 'python' as const,
        helpers: { cweval_program: readText(assetPath('evaluate', 'cweval_program.py')) },
      }),
    };
  });
}

/** What stands before the solution, the solution, and what calls it. */
function partsOf(source: string): { prompt: string; solution?: string; after: string } {
  const found = SOLUTION.exec(source);
  if (!found) return { prompt: source, after: '' };
  const rest = source.slice(found.index + found[0].length);
  const end = ENTRY.exec(rest)?.index ?? rest.length;
  return {
    prompt: source.slice(0, found.index),
    solution: rest.slice(0, end),
    after: rest.slice(end),
  };
}

/** Tests of a language's own flaws wait for the sanitizer's word; CWEval leaves out one task. */
function sanitizerOf(id: string): string {
  if (id === 'cwe_476_0_c') return 'None';
  return /^cwe_(?:401|404|77[1-5])_/.test(id) ? '"leak"' : '"address"';
}

/** What has the tests find their program, and what replaces them where it needs what is not here. */
function aroundTests(id: string, ending: Ending, dir: string, source: string): [string, string] {
  const required = [...source.matchAll(/\brequire\(\s*['"]([^'"./][^'"]*)['"]/g)];
  const packages = JSON.stringify([...new Set(required.map(([, name]) => name!))]);
  const sanitize = basename(dirname(dir)) === 'lang' ? sanitizerOf(id) : 'None';
  const before = `import os\nimport cweval_program\n__file__ = os.path.abspath("${id}_test.py")\n_missing = cweval_program.missing("${id}_task.${ending}", ${packages}, ${sanitize})\n`;
  return [before, 'if _missing:\n    cweval_program.skip_all(globals(), _missing)\n'];
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
