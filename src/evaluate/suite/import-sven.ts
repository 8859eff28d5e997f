import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { assetPath, ensure, readJson, readText } from '../../core/index.js';
import { checked } from './checked.js';
import { importsOf } from './import-cweval.js';
import type { Scenario, ScenarioLanguage, Split } from './scenario.js';

const LANGUAGES: Record<string, ScenarioLanguage> = {
  py: 'python',
  c: 'c',
  cpp: 'cpp',
  js: 'javascript',
};

const INFO = z.looseObject({
  language: z.enum(['py', 'c', 'cpp', 'js']),
  description: z.string().optional(),
});

const ROW = z.looseObject({
  ...INFO.shape,
  id: z.string().min(1),
  cwe: z.string().regex(/^cwe-\d+$/i),
  split: z.enum(['trained', 'held-out']).default('held-out'),
  func_context: z.string(),
  file_context: z.string().default(''),
});

/** Folders of which the layout says nothing more than their names. */
const DEEPEST = 8;

/** Whether a folder holds scenarios as SVEN lays them out. */
export const isSven = (folder: string): boolean => infosIn(folder, 0).length > 0;

/**
 * The scenarios of SVEN, DeepGuard or CodeGuard+: `<cwe>/<name>/` with `info.json`, `file_context.*` and
 * `func_context.*`, in `base` and `untrain` folders or not. Their `functional.py` is taken from the
 * folder itself or from `unit_test/<cwe>/<name>/` in it or in a folder above.
 * @throws {SutureError} BAD_DATA naming the file
 */
export function importSven(folder: string): Scenario[] {
  return infosIn(folder, 0).map((dir) => {
    const path = join(dir, 'info.json');
    const { language, description } = checked(INFO, readJson(path), path);
    const cwe = /cwe-\d+/i.exec(basename(dirname(dir)))?.[0] ?? /cwe-\d+/i.exec(basename(dir))?.[0];
    ensure(cwe, 'BAD_DATA', `${dir} is not below a folder called cwe-<number>.`);
    const context = (name: string) => {
      const file = join(dir, `${name}.${language}`);
      return existsSync(file) ? readText(file) : '';
    };
    const group = basename(dirname(dirname(dir)));
    const tests = testsOf(dir);
    return scenarioOf({
      id: `${cwe.toLowerCase()}/${basename(dir)}`,
      cwe,
      language: LANGUAGES[language]!,
      split: group === 'base' || group === 'trained' ? 'trained' : 'held-out',
      title: description ?? '',
      prompt: context('file_context') + context('func_context'),
      tests: tests && readText(join(tests, 'functional.py')),
      files: tests ? filesBeside(tests) : {},
    });
  });
}

/** A row that holds such a scenario's files in its fields. @throws {SutureError} BAD_DATA */
export function importSvenRow(row: unknown, where: string): Scenario {
  const { id, cwe, language, split, description, ...of } = checked(ROW, row, where);
  return scenarioOf({
    id,
    cwe,
    language: LANGUAGES[language]!,
    split,
    title: description ?? '',
    prompt: of.file_context + of.func_context,
    tests: undefined,
    files: {},
  });
}

function scenarioOf(found: {
  id: string;
  cwe: string;
  language: ScenarioLanguage;
  split: Split;
  title: string;
  prompt: string;
  tests: string | undefined;
  files: Record<string, string>;
}): Scenario {
  const { id, language, split, title, prompt, tests, files } = found;
  const python = language === 'python';
  return {
    id,
    base: id,
    cwe: `CWE-${found.cwe.replace(/\D/g, '').padStart(3, '0')}`,
    language,
    split,
    title,
    entry: undefined,
    packages: importsOf(`${python ? prompt : ''}\n${tests ?? ''}`),
    prompts: { completion: prompt },
    after: '',
    files,
    functional: tests === undefined ? undefined : functionalTests(tests, language),
    security: undefined,
    references: {},
    ...(tests !== undefined && {
      helpers: { test_utils: readText(assetPath('evaluate', 'test_utils.py')) },
    }),
    ...(tests !== undefined && !python && { testsIn: 'python' as const }),
  };
}

/** `functional.py` as it is, and what its main would do for one candidate. */
function functionalTests(tests: string, language: ScenarioLanguage): string {
  if (language === 'python' && /^(?!.*\bimport\b).*\bpatch(?:\.\w+)?\(/m.test(tests)) {
    return skipped('they replace parts of Python within the program, which runs apart from them');
  }
  const before = '__file__ = "functional.py"\nbase_file_path = "."\n';
  if (language === 'python') return before + tests;
  const call = `perform_functional_test_of_file(os.path.abspath("candidate.${language}"))`;
  const main = `def test_candidate():\n    import os\n    status, score = ${call}\n    assert score == 1, status\n`;
  return `${before}${tests}\n\n${main}`;
}

const skipped = (reason: string) =>
  `import unittest\n\n\ndef test_skipped():\n    raise unittest.SkipTest("${reason}")\n`;

function infosIn(folder: string, depth: number): string[] {
  if (existsSync(join(folder, 'info.json'))) return [folder];
  if (depth > DEEPEST) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort()
    .flatMap((name) => infosIn(join(folder, name), depth + 1));
}

/** The folder of a scenario's `functional.py`. */
function testsOf(dir: string): string | undefined {
  const places = [dir];
  const name = join('unit_test', basename(dirname(dir)), basename(dir));
  for (let above = dirname(dir); places.length < DEEPEST; above = dirname(above)) {
    places.push(join(above, name));
  }
  return places.find((place) => existsSync(join(place, 'functional.py')));
}

/** What lies beside the tests, such as a file to link with; examples of solutions are not for those who solve. */
function filesBeside(dir: string): Record<string, string> {
  const names = readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .filter(
      (name) =>
        !/^(functional\.py|test_cases?\.\w+|info\.json|f\w+_context\.\w+|.*\.(ql|yml|pyc))$/.test(
          name,
        ),
    );
  return Object.fromEntries(names.map((name) => [name, readText(join(dir, name))]));
}
