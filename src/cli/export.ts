import { Command, Option } from 'commander';
import { writePiecesAtomic } from '../core/index.js';
import { asCsv, asJsonLines, flatSamples, RunFolder } from '../evaluate/index.js';
import { suiteOf } from './eval-suite.js';

interface Options {
  format: 'csv' | 'jsonl';
  out?: string;
  suite?: string;
}

/** `suture export`: a run's samples as a table. */
export function exportTableCommand(): Command {
  return new Command('export')
    .description('write the samples of a run as a table: a row each, columns of one type')
    .argument('<run>', 'folder of a run of "suture eval" or "suture repair"')
    .addOption(
      new Option('--format <format>', 'of the table')
        .choices(['csv', 'jsonl'])
        .makeOptionMandatory(),
    )
    .option('-o, --out <file>', 'where to (default: standard output)')
    .option('--suite <path>', 'scenarios (default: those that the run names)')
    .action(run);
}

function run(dir: string, { format, out, suite }: Options): void {
  const folder = RunFolder.open(dir);
  try {
    const rows = flatSamples(folder, () => suiteOf(folder, suite).scenarios);
    const pieces = format === 'csv' ? asCsv(rows) : asJsonLines(rows);
    if (out === undefined) for (const piece of pieces) process.stdout.write(piece);
    else writePiecesAtomic(out, pieces);
  } finally {
    folder.close();
  }
}
