// `npm run bench -- sven <folder> [--held-out] [--list]`: the scanner on SVEN's pairs of functions before and
// after a security fix (the folder holds data_train_val/), beside bandit, flawfinder and cppcheck where they
// are installed. Rules were written with the development half in view; the held-out half was not looked at.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Auditor, languageOfPath } from '../dist/scan/index.js';
import { median, report } from './measure.js';

/** What counts as the weakness of a pair: tools name it by its relatives too. */
const FAMILIES = new Map(
  Object.entries({
    'CWE-022': [22, 23, 36, 73],
    'CWE-078': [77, 78, 88],
    'CWE-079': [79, 80],
    'CWE-089': [89, 564],
    'CWE-125': [119, 120, 125, 126, 127, 786, 788, 805],
    'CWE-190': [190, 191, 680],
    'CWE-416': [415, 416, 672, 825],
    'CWE-476': [476, 690],
    'CWE-787': [119, 120, 121, 122, 787, 788, 805, 806],
  }),
);
/** bandit 1.6 does not name CWEs. */
const BANDIT = new Map(
  Object.entries({ B608: 89, B701: 79, B702: 79, B703: 79, B202: 22 }).concat(
    ['B602', 'B603', 'B604', 'B605', 'B606', 'B607', 'B609'].map((id) => [id, 78]),
  ),
);

/**
 * @typedef {{ name: string, cwe: string, language: import('../dist/scan/index.js').SourceLanguage, before: string, after: string }} Pair
 * @param {string} folder @param {boolean} heldOut @returns {Pair[]}
 */
function pairsOf(folder, heldOut) {
  const root = join(folder, 'data_train_val');
  const rows = ['train', 'val'].flatMap((split) =>
    readdirSync(join(root, split)).flatMap((file) =>
      readFileSync(join(root, split, file), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    ),
  );
  return rows.flatMap((row) => {
    const digest = createHash('sha256').update(row.func_src_before).digest('hex');
    if (Number.parseInt(digest.slice(0, 1), 16) < 8 === heldOut) return [];
    const language = languageOfPath(row.file_name);
    if (!language) return [];
    const cwe = row.vul_type.toUpperCase();
    return [
      {
        name: row.func_name,
        cwe,
        language,
        before: row.func_src_before,
        after: row.func_src_after,
      },
    ];
  });
}

/** @typedef {(name: string) => ReadonlySet<number>} Found the CWEs that a tool finds in a file */

/** @param {string} folder @returns {Found} */
function bandit(folder) {
  const output = JSON.parse(run('bandit', ['-r', folder, '-f', 'json', '-q']));
  return collect(
    output.results.map((/** @type {any} */ result) => [
      result.filename,
      [BANDIT.get(result.test_id)],
    ]),
  );
}

/** @param {string} folder @returns {Found} */
function flawfinder(folder) {
  const lines = run('flawfinder', ['--csv', '--quiet', '--dataonly', folder]).split('\n').slice(1);
  return collect(
    lines.map((line) => [
      line.split(',')[0] ?? '',
      [...line.matchAll(/CWE-(\d+)/g)].map(([, id]) => Number(id)),
    ]),
  );
}

/** @param {string} folder @returns {Found} */
function cppcheck(folder) {
  const xml = run('cppcheck', [
    '--xml',
    '--enable=warning,portability',
    '--inconclusive',
    '-q',
    folder,
  ]);
  const rows = xml
    .split('<error ')
    .slice(1)
    .flatMap((error) => {
      const cwe = /cwe="(\d+)"/.exec(error)?.[1];
      const file = /<location file="([^"]+)"/.exec(error)?.[1];
      return cwe && file ? [/** @type {[string, number[]]} */ ([file, [Number(cwe)]])] : [];
    });
  return collect(rows);
}

/**
 * What an analyser prints; they end with 1 where they found something, and cppcheck reports on
 * standard error.
 * @param {string} program @param {string[]} args
 */
function run(program, args) {
  const { error, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (error) throw error;
  return program === 'cppcheck' ? stderr : stdout;
}

/** @param {[string, (number | undefined)[]][]} rows @returns {Found} */
function collect(rows) {
  /** @type {Map<string, Set<number>>} */
  const found = new Map();
  for (const [file, cwes] of rows) {
    const name = basename(file);
    const known = found.get(name) ?? new Set();
    for (const cwe of cwes) if (cwe !== undefined) known.add(cwe);
    found.set(name, known);
  }
  return (name) => found.get(name) ?? new Set();
}

/** @param {readonly string[]} args */
export async function benchSven(args) {
  const [folder] = args.filter((argument) => !argument.startsWith('--'));
  if (!folder) throw new Error('npm run bench -- sven <folder with data_train_val/> [--held-out]');
  const heldOut = args.includes('--held-out');
  const pairs = pairsOf(folder, heldOut);
  const auditor = await Auditor.load(['c', 'cpp', 'python']);
  /** @type {number[]} */
  const times = [];
  const dir = mkdtempSync(join(tmpdir(), 'suture-sven-'));
  try {
    /** @type {Map<string, Set<number>>} */
    const own = new Map();
    const files = pairs.flatMap(({ language, before, after }, index) => {
      const extension = { python: 'py', c: 'c' }[/** @type {string} */ (language)] ?? 'cpp';
      return [
        { name: `${index}-before.${extension}`, source: before, language },
        { name: `${index}-after.${extension}`, source: after, language },
      ];
    });
    for (const { name, source, language } of files) {
      writeFileSync(join(dir, name), source);
      const start = performance.now();
      const { verdicts } = auditor.scan(source, language);
      times.push(performance.now() - start);
      const insecure = verdicts.filter(({ verdict }) => verdict === 'insecure');
      own.set(name, new Set(insecure.map(({ cwe }) => Number(cwe.slice(4)))));
    }
    /** @type {[string, Found][]} */
    const tools = [['suture', (name) => own.get(name) ?? new Set()]];
    for (const tool of [bandit, flawfinder, cppcheck]) {
      try {
        tools.push([tool.name, tool(dir)]);
      } catch {
        console.log(`${tool.name} is not installed`);
      }
    }
    console.log(`\nSVEN, ${heldOut ? 'held-out' : 'development'} half: ${pairs.length} pairs`);
    console.log('cwe      language  pairs  tool        recall  false alarms  pair accuracy');
    const groups = grouped(pairs);
    for (const [group, members] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
      for (const [tool, found] of tools) {
        const python = group.endsWith('python');
        if (tool === 'bandit' ? !python : tool !== 'suture' && python) continue;
        const counts = { before: 0, after: 0, pair: 0 };
        for (const { index, cwe } of members) {
          const extension = python ? 'py' : files[2 * index]?.name.split('.')[1];
          const family = FAMILIES.get(cwe) ?? [];
          const flagged = (/** @type {string} */ side) =>
            family.some((id) => found(`${index}-${side}.${extension}`).has(id));
          const [before, after] = [flagged('before'), flagged('after')];
          if (before) counts.before++;
          if (after) counts.after++;
          if (before && !after) counts.pair++;
          if (tool === 'suture' && args.includes('--list') && !heldOut)
            console.log(
              `  ${index} ${cwe} ${pairs[index]?.name}: before ${before}, after ${after}`,
            );
        }
        const share = (/** @type {number} */ count) =>
          `${((100 * count) / members.length).toFixed(0)} %`;
        console.log(
          `${group.padEnd(19)}${String(members.length).padStart(5)}  ${tool.padEnd(10)}${share(counts.before).padStart(8)}${share(counts.after).padStart(14)}${share(counts.pair).padStart(15)}`,
        );
      }
    }
    report('median of a function', `${median(times).toFixed(2)} ms`);
    times.sort((a, b) => a - b);
    for (const share of [0.95, 0.99, 1]) {
      const time = times[Math.ceil(share * times.length) - 1] ?? 0;
      report(`${100 * share} % take at most`, `${time.toFixed(0)} ms`);
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** @param {Pair} pair */
const groupOf = ({ cwe, language }) => `${cwe}  ${language === 'python' ? 'python' : 'C, C++'}`;

/** @param {readonly Pair[]} pairs */
function grouped(pairs) {
  /** @type {Map<string, (Pair & { index: number })[]>} */
  const groups = new Map();
  for (const [index, pair] of pairs.entries()) {
    const group = groupOf(pair);
    groups.set(group, [...(groups.get(group) ?? []), { ...pair, index }]);
  }
  return groups;
}
