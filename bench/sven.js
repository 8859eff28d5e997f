// `npm run bench -- sven <folder> [--held-out] [--list] [--times]`: the scanner on SVEN's pairs of functions before and
// after a security fix (the folder holds data_train_val/), beside other analysers where they are
// installed. Rules were written with the development half in view; the held-out half was not looked at.
// Then what a function takes, of both halves. `--times`: that alone.
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Auditor, languageOfPath, runAnalyser } from '../dist/scan/index.js';
import { report } from './measure.js';

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
/** Analysers that stand beside Suture, where they are installed. */
const PEERS = ['bandit', 'clang', 'cppcheck', 'flawfinder', 'gcc'];

/**
 * @typedef {{ name: string, cwe: string, language: import('../dist/scan/index.js').SourceLanguage, before: string, after: string }} Pair
 * @param {string} folder @returns {(Pair & { heldOut: boolean })[]}
 */
function pairsOf(folder) {
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
    const language = languageOfPath(row.file_name);
    if (!language) return [];
    const cwe = row.vul_type.toUpperCase();
    return [
      {
        name: row.func_name,
        cwe,
        language,
        before: atMargin(row.func_src_before),
        after: atMargin(row.func_src_after),
        heldOut: Number.parseInt(digest.slice(0, 1), 16) >= 8,
      },
    ];
  });
}

/** A method that was cut out of its class, as a function: most parsers take nothing else. @param {string} source */
function atMargin(source) {
  const [indent = ''] = /^[ \t]*/.exec(source) ?? [];
  return source.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
}

/** @typedef {(name: string) => ReadonlySet<number>} Found the CWEs that a tool finds in a file */

/**
 * What an analyser finds in the files, by name.
 * @param {string} name
 * @param {readonly import('../dist/scan/index.js').OutsideTarget[]} targets
 * @returns {Promise<Found>}
 */
async function peer(name, targets) {
  const { status, reason, version, findings } = await runAnalyser(name, targets);
  console.log(`${name} ${version}${reason === undefined ? '' : `: ${reason.slice(0, 200)}`}`);
  if (status === 'failed') throw new Error(reason);
  /** @type {Map<string, Set<number>>} */
  const found = new Map();
  for (const { path, cwes } of findings) {
    const known = found.get(path) ?? new Set();
    for (const cwe of cwes) known.add(cwe);
    found.set(path, known);
  }
  return (file) => found.get(file) ?? new Set();
}

/** @param {readonly string[]} args */
export async function benchSven(args) {
  const [folder] = args.filter((argument) => !argument.startsWith('--'));
  if (!folder)
    throw new Error('npm run bench -- sven <folder with data_train_val/> [--held-out] [--times]');
  const heldOut = args.includes('--held-out');
  const all = pairsOf(folder);
  const auditor = await Auditor.load(['c', 'cpp', 'python']);
  // First, so that it is what a process takes that has just begun.
  reportTimes(auditor, all);
  if (args.includes('--times')) return;
  const pairs = all.filter((pair) => pair.heldOut === heldOut);
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
      const { verdicts } = auditor.scan(source, language);
      const insecure = verdicts.filter(({ verdict }) => verdict === 'insecure');
      own.set(name, new Set(insecure.map(({ cwe }) => Number(cwe.slice(4)))));
    }
    /** @type {[string, Found][]} */
    const tools = [['suture', (name) => own.get(name) ?? new Set()]];
    const targets = files.map(({ name, language }) => ({
      file: join(dir, name),
      path: name,
      language,
    }));
    for (const name of PEERS) {
      try {
        tools.push([name, await peer(name, targets)]);
      } catch (thrown) {
        console.log(/** @type {Error} */ (thrown).message);
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
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/**
 * What a function takes, before and after its fix, one after another.
 * @param {Auditor} auditor @param {readonly Pair[]} pairs
 */
function reportTimes(auditor, pairs) {
  const processor = process.cpuUsage();
  const timed = pairs.flatMap(({ language, before, after }) =>
    [before, after].map((source) => {
      const start = performance.now();
      auditor.scan(source, language);
      return { language, length: source.length, ms: performance.now() - start };
    }),
  );
  const { user, system } = process.cpuUsage(processor);
  /** @type {[string, (function_: (typeof timed)[number]) => boolean][]} */
  const groups = [
    ['all', () => true],
    ['of 2,500 characters at most', ({ length }) => length <= 2500],
    ['Python', ({ language }) => language === 'python'],
    ['C, C++', ({ language }) => language !== 'python'],
  ];
  console.log('milliseconds for a function      n     mean      p50      p75      p95      p99');
  for (const [name, belongs] of groups) {
    const times = timed.filter(belongs).map(({ ms }) => ms);
    times.sort((a, b) => a - b);
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    const quantiles = [0.5, 0.75, 0.95, 0.99].map(
      (share) => times[Math.ceil(share * times.length) - 1] ?? 0,
    );
    const shown = [mean, ...quantiles].map((time) => time.toFixed(1).padStart(9)).join('');
    console.log(`${name.padEnd(28)}${String(times.length).padStart(6)}${shown}`);
  }
  const all = (user + system) / 1000 / timed.length;
  report('processor, compiling included', `${all.toFixed(1)} ms for a function`);
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
