import { Command } from 'commander';
import { ensure } from '../core/index.js';
import { compareRuns, RunStore } from '../evaluate/index.js';
import { suiteOf } from './eval-suite.js';
import { showComparison } from './eval-table.js';

/** `suture compare`: what changed between two runs, sample by sample. */
export function compareCommand(): Command {
  return new Command('compare')
    .description('compare two judged runs: differences, tests, and which samples flipped')
    .argument('<a>', 'folder of a run')
    .argument('<b>', 'folder of another on the same scenarios')
    .option('--suite <path>', 'scenarios (default: those that the first run names)')
    .option('--json', 'print it as JSON')
    .action(run);
}

function run(a: string, b: string, options: { suite?: string; json?: true }): void {
  const first = RunStore.open(a);
  try {
    const second = RunStore.open(b);
    try {
      for (const { dir, verdicts } of [first, second])
        ensure(
          verdicts.length > 0,
          'BAD_DATA',
          `${dir} has no verdicts yet. Run "suture eval judge ${dir}" first.`,
        );
      const { scenarios } = suiteOf(first, options.suite);
      const found = compareRuns(first.verdicts, second.verdicts, scenarios);
      ensure(found.pairs > 0, 'BAD_DATA', `${a} and ${b} have no sample in common.`);
      process.stdout.write(
        options.json ? `${JSON.stringify(found, null, 2)}\n` : showComparison(found, a, b, 20),
      );
    } finally {
      second.close();
    }
  } finally {
    first.close();
  }
}
