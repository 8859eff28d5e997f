import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Command, InvalidArgumentError, Option } from 'commander';
import { ensure, fileError, readText, SutureError } from '../core/index.js';
import { packageVersion } from '../repair/index.js';
import {
  Auditor,
  type CweId,
  findingsOf,
  GRAMMARS,
  languageOfPath,
  readBaseline,
  reportAsJson,
  reportAsSarif,
  reportAsText,
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
  const report = { version: packageVersion(), files };
  const formats = { text: reportAsText, json: reportAsJson, sarif: reportAsSarif };
  process.stdout.write(formats[options.format](report, sources));
  return findingsOf(files).length > 0 ? 1 : 0;
}

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
