import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ensure } from '../../core/index.js';
import type { SourceLanguage } from '../types.js';
import type { Analyser, OutsideFinding } from './analyser.js';
import { readSarif } from './sarif.js';

/** CodeQL's names of languages. */
const NAMES: Partial<Record<SourceLanguage, string>> = {
  python: 'python',
  javascript: 'javascript',
  typescript: 'javascript',
  tsx: 'javascript',
  c: 'cpp',
  cpp: 'cpp',
};

/** CodeQL's command line, with the query packs it was installed with: a database of each language, not built. */
export const codeql: Analyser = {
  name: 'codeql',
  languages: Object.keys(NAMES) as SourceLanguage[],
  program: 'codeql',
  install:
    'Get its bundle from github.com/github/codeql-action/releases; or give its SARIF with --import',
  version: /release (\d[\w.]*)\b/,
  async analyse(targets, { run, dir }) {
    const findings: OutsideFinding[] = [];
    for (const language of new Set(targets.map((target) => NAMES[target.language]!))) {
      const own = targets.filter((target) => NAMES[target.language] === language);
      // A copy in folders of their own: files may share a name, and a database takes a whole folder.
      const root = join(dir, `${language}-source`);
      const given = new Map(
        own.map(({ file }, i) => {
          const place = join(String(i), basename(file));
          mkdirSync(join(root, String(i)), { recursive: true });
          copyFileSync(file, join(root, place));
          return [place, file];
        }),
      );
      const database = join(dir, language);
      const sarif = join(dir, `${language}.sarif`);
      const build = language === 'cpp' ? ['--build-mode=none'] : [];
      const steps = [
        [
          'database',
          'create',
          database,
          `--language=${language}`,
          `--source-root=${root}`,
          ...build,
        ],
        [
          'database',
          'analyze',
          database,
          `${language}-security-extended.qls`,
          '--format=sarif-latest',
          `--output=${sarif}`,
        ],
      ];
      for (const step of steps) {
        const { code, stderr } = await run('codeql', step);
        ensure(
          code === 0,
          'ENGINE',
          `codeql ${step[1]} ended with ${code}: ${stderr.trim().split('\n').at(-1)}`,
        );
      }
      const runs = readSarif(readFileSync(sarif, 'utf8'), "CodeQL's output");
      for (const one of runs.flatMap((each) => each.findings)) {
        findings.push({ ...one, path: given.get(one.path) ?? one.path });
      }
    }
    return { findings };
  },
};
