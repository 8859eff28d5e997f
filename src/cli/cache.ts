import { Command } from 'commander';
import { cacheDir, type KeptFile, keptFiles, pruneKept } from '../engine/index.js';
import { formatAge, formatBytes, formatTable } from './format.js';
import { duration } from './options.js';

interface PruneFlags {
  all?: true;
  olderThan?: number;
  dryRun?: true;
  json?: true;
}

/** `suture cache`: weights that were converted or quantised, and kept. */
export function cacheCommand(): Command {
  return new Command('cache')
    .description('list the converted and quantised weights that are kept in SUTURE_CACHE')
    .option('--json', 'print the list as JSON')
    .action(list)
    .addCommand(
      new Command('prune')
        .description(
          'remove what is of no more use: weights whose model is gone, and what was begun and abandoned',
        )
        .option('--all', 'remove all weights; they are made again when they are needed')
        .option(
          '--older-than <time>',
          'remove also weights not used for so long: 30d, 12h',
          duration,
        )
        .option('--dry-run', 'only say what would be removed')
        .option('--json', 'print what is removed as JSON')
        .action((_: unknown, command: Command) => prune(command.optsWithGlobals())),
    );
}

function list({ json }: { json?: true }): void {
  const files = keptFiles();
  if (json) {
    print(files);
    return;
  }
  process.stdout.write(files.length > 0 ? `${table(files)}\n` : '');
  process.stdout.write(`${summary(files)} in ${cacheDir()}\n`);
}

function prune({ all, olderThan, dryRun, json }: PruneFlags): void {
  const files = pruneKept({ all: all ?? false, olderThan, dryRun: dryRun ?? false });
  if (json) {
    print(files);
    return;
  }
  process.stdout.write(files.length > 0 ? `${table(files)}\n` : '');
  const done = dryRun ? 'would be removed from' : 'removed from';
  process.stdout.write(`${summary(files)} ${done} ${cacheDir()}\n`);
}

const STATES = { writing: 'being written', abandoned: 'abandoned' };

const print = (files: readonly KeptFile[]) =>
  process.stdout.write(`${JSON.stringify(files, null, 2)}\n`);

function summary(files: readonly KeptFile[]): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return `${files.length} file${files.length === 1 ? '' : 's'}, ${formatBytes(bytes)}`;
}

function table(files: readonly KeptFile[]): string {
  const rows = files.map(({ kind, bytes, lastUsed, state, sourceExists, model }) => [
    kind,
    formatBytes(bytes).padStart(8),
    formatAge(lastUsed),
    state === 'whole' ? (sourceExists ? 'kept' : 'model gone') : STATES[state],
    model,
  ]);
  return formatTable([['kind', 'size'.padStart(8), 'last used', 'state', 'model'], ...rows]);
}
