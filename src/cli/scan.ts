import { mkdtempSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { Command, InvalidArgumentError, Option } from 'commander';
import { ensure, fileError, readText, SutureError } from '../core/index.js';
import { packageVersion } from '../repair/index.js';
import {
  ANALYSERS,
  Auditor,
  agreementOf,
  type CweId,
  findingsOf,
  GRAMMARS,
  installedAnalysers,
  languageOfPath,
  type OutsideReport,
  readBaseline,
  readSarif,
  reportAsJson,
  reportAsSarif,
  reportAsText,
  runAnalyser,
  SCANNED,
  type ScannedFile,
  SEVERITIES,
  type Severity,
  type SourceLanguage,
  type Sources,
  withoutKnown,
  writeBaseline,
} from '../scan/index.js';

interface Options {
  language?: SourceLanguage;
  format: 'text' | 'json' | 'sarif';
  cwe?: CweId[];
  minSeverity: Severity;
  sources: Sources;
  baseline?: string;
  writeBaseline?: string;
  with?: string[];
  import?: string[];
  semgrepRules?: string;
}

/** Folders of things that others wrote, or that are made. */
const SKIPPED = new Set(['node_modules', '__pycache__', 'venv']);

/** `suture scan`: 0 nothing found, 1 findings, 2 it could not be done. */
export function scanCommand(): Command {
  return new Command('scan')
    .description('look for weaknesses in sources: Python, C, C++, JavaScript and TypeScript')
    .argument('<paths...>', 'files, folders, or - for standard input (with --language)')
    .addOption(
      new Option(
        '--language <name>',
        'of all that is given (default: by the names of the files)',
      ).choices(GRAMMARS),
    )
    .addOption(
      new Option('--format <name>', 'of the report')
        .choices(['text', 'json', 'sarif'])
        .default('text'),
    )
    .option('--cwe <ids>', 'look for these only, e.g. 89,CWE-078', cweList)
    .addOption(
      new Option('--min-severity <level>', 'leave out less').choices(SEVERITIES).default('low'),
    )
    .addOption(
      new Option(
        '--sources <policy>',
        'what is untrusted beside input, arguments and requests: all parameters, those of handlers and main, or none',
      )
        .choices(['parameters', 'entry', 'none'])
        .default('parameters'),
    )
    .option('--baseline <file>', 'leave out the findings that are in this file')
    .option('--write-baseline <file>', 'write all findings into this file, and end with 0')
    .option(
      '--with <names>',
      `ask other analysers too: ${ANALYSERS.map(({ name }) => name).join(', ')}, or all that are installed`,
      analyserList,
    )
    .option('--semgrep-rules <path>', 'rules for Semgrep: a file or folder')
    .option('--import <files...>', 'SARIF files that other analysers have written')
    .action(async (paths: string[], options: Options) => {
      try {
        process.exitCode = await run(paths, options);
      } catch (thrown) {
        // 1 says that something was found.
        if (!(thrown instanceof SutureError)) throw thrown;
        console.error(`suture: ${thrown.message} (${thrown.code})`);
        process.exitCode = 2;
      }
    });
}

function analyserList(given: string): string[] {
  if (given === 'all') return ['all'];
  return given.split(',').map((one) => {
    const known = ANALYSERS.find(({ name }) => name === one.trim());
    if (!known) {
      const names = ANALYSERS.map(({ name }) => name).join(', ');
      throw new InvalidArgumentError(`There are ${names}, and all.`);
    }
    return known.name;
  });
}

function cweList(given: string): CweId[] {
  return given.split(',').map((one) => {
    const id = `CWE-${one
      .trim()
      .replace(/^cwe-?/i, '')
      .padStart(3, '0')}` as CweId;
    if (!SCANNED.includes(id)) throw new InvalidArgumentError(`There are ${SCANNED.join(', ')}.`);
    return id;
  });
}

async function run(paths: readonly string[], options: Options): Promise<number> {
  const known = options.baseline === undefined ? undefined : readBaseline(options.baseline);
  const targets = paths.flatMap((path) => targetsOf(path, options.language));
  ensure(
    targets.length > 0,
    'NOT_FOUND',
    `There is no file in ${paths.join(', ')} that the scanner reads: ${GRAMMARS.join(', ')}.`,
  );
  const auditor = await Auditor.load([...new Set(targets.map(({ language }) => language))]);
  const sources = new Map<string, string>();
  const scanned: ScannedFile[] = [];
  for (const { path, language } of targets) {
    const source = path === '-' ? await text(process.stdin) : readText(path);
    sources.set(path, source);
    const report = auditor.scan(source, language, {
      minSeverity: options.minSeverity,
      sources: options.sources,
      ...(options.cwe && { cwes: options.cwe }),
    });
    scanned.push({ path, ...report });
  }
  if (options.writeBaseline !== undefined) {
    writeBaseline(options.writeBaseline, scanned, sources);
    return 0;
  }
  const files = known ? withoutKnown(scanned, sources, known) : scanned;
  const outside = await askOutside(targets, sources, options);
  /** What a tool was given: of one whose report was imported nobody knows, so all. */
  const readBy = (tool: string) => {
    const languages = ANALYSERS.find(({ name }) => name === tool)?.languages ?? GRAMMARS;
    const own = targets.filter(({ language }) => languages.includes(language));
    return new Set(own.map(({ path }) => path));
  };
  const report = {
    version: packageVersion(),
    files,
    ...(outside.length > 0 && {
      tools: outside,
      agreement: outside
        .filter(({ status }) => status === 'ok')
        .flatMap((tool) => agreementOf(scanned, tool, readBy(tool.tool))),
    }),
  };
  const formats = { text: reportAsText, json: reportAsJson, sarif: reportAsSarif };
  process.stdout.write(formats[options.format](report, sources));
  if (outside.some(({ status }) => status === 'failed')) return 2;
  const others = outside.some(({ findings }) => findings.length > 0);
  return findingsOf(files).length > 0 || others ? 1 : 0;
}

/** What the other analysers that were asked for say, and the files that were imported. */
async function askOutside(
  targets: readonly Target[],
  sources: ReadonlyMap<string, string>,
  options: Options,
): Promise<OutsideReport[]> {
  const { with: asked = [], import: imported = [], semgrepRules: rules } = options;
  const reports: OutsideReport[] = imported.flatMap((path) =>
    readSarif(readText(path), path).map((one) => ({ ...one, status: 'ok' as const })),
  );
  if (asked.length === 0) return reports;
  const there = installedAnalysers();
  const usable = there.filter(
    ({ name, version }) => version !== undefined && (name !== 'semgrep' || rules !== undefined),
  );
  const names = asked.includes('all') ? usable.map(({ name }) => name) : asked;
  if (asked.includes('all')) {
    const missing = there.filter(({ version }) => version === undefined).map(({ name }) => name);
    if (missing.length > 0) console.error(`suture: not installed: ${missing.join(', ')}`);
  }
  const dir = mkdtempSync(join(tmpdir(), 'suture-scan-'));
  try {
    const files = targets.map(({ path, language }) => {
      if (path !== '-') return { file: realpathSync(path), path, language };
      const file = join(dir, `input.${EXTENSION[language]}`);
      writeFileSync(file, sources.get(path)!);
      return { file, path, language };
    });
    for (const name of names) {
      reports.push(await runAnalyser(name, files, { ...(rules && { rules: resolve(rules) }) }));
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  return reports;
}

/** What standard input is called for analysers that go by names. */
const EXTENSION: Record<SourceLanguage, string> = {
  c: 'c',
  cpp: 'cpp',
  javascript: 'js',
  python: 'py',
  tsx: 'tsx',
  typescript: 'ts',
};

interface Target {
  path: string;
  language: SourceLanguage;
}

/** A file that is named is read whatever it is called; of a folder, what the scanner knows. */
function targetsOf(path: string, forced: SourceLanguage | undefined): Target[] {
  if (path !== '-' && isFolder(path)) return filesIn(path, forced);
  const language = forced ?? languageOfPath(path);
  ensure(
    language,
    'BAD_ARGUMENT',
    `What language ${path === '-' ? 'standard input' : path} is in cannot be told from its name: give --language.`,
  );
  return [{ path, language }];
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (thrown) {
    throw fileError(thrown, 'read', path);
  }
}

function filesIn(folder: string, forced: SourceLanguage | undefined): Target[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry): Target[] => {
        const path = join(folder, entry.name);
        if (entry.name.startsWith('.') || SKIPPED.has(entry.name)) return [];
        // Links are not followed: they may lead round in circles.
        if (entry.isDirectory()) return filesIn(path, forced);
        const language = languageOfPath(path);
        return entry.isFile() && language ? [{ path, language: forced ?? language }] : [];
      });
  } catch (thrown) {
    throw fileError(thrown, 'read', folder);
  }
}
