import completions from '@bomb.sh/tab/commander';
import { Command, CommanderError, Option } from 'commander';
import { SutureError } from '../core/index.js';
import { packageVersion } from '../repair/index.js';
import { cacheCommand } from './cache.js';
import { compareCommand } from './compare.js';
import { diagnoseCommand } from './diagnose.js';
import { doctorCommand } from './doctor.js';
import { evalCommand } from './eval.js';
import { exportTableCommand } from './export.js';
import { gapCommand } from './gap.js';
import { gateCommand } from './gate.js';
import { generateCommand } from './generate.js';
import { guardCommand } from './guard.js';
import { addHabits } from './help.js';
import { inspectCommand } from './inspect.js';
import { lensCommand } from './lens.js';
import { mergeCommand } from './merge.js';
import { organismCommand } from './organism.js';
import { patchCommand } from './patch.js';
import { probeCommand } from './probe.js';
import { pullCommand } from './pull.js';
import { repairCommand } from './repair.js';
import { reportCommand } from './report.js';
import { scanCommand } from './scan.js';
import { serveCommand } from './serve.js';
import { applySettings } from './settings.js';
import { studioCommand } from './studio.js';
import { trainCommand } from './train.js';
import { vectorCommand } from './vector.js';
import { verifyCommand } from './verify.js';

/** The command line, before it is given any arguments. */
export function suture(): Command {
  const program = new Command('suture')
    .description(
      'Finds where a code language model drops what it knows about security, and repairs it there.',
    )
    .version(packageVersion())
    .addOption(
      new Option('--settings <file>', 'a JSON file of options, by command (docs/cli.md)').env(
        'SUTURE_SETTINGS',
      ),
    )
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride()
    .addCommand(repairCommand())
    .addCommand(generateCommand())
    .addCommand(serveCommand())
    .addCommand(studioCommand())
    .addCommand(vectorCommand())
    .addCommand(gateCommand())
    .addCommand(guardCommand())
    .addCommand(diagnoseCommand())
    .addCommand(gapCommand())
    .addCommand(probeCommand())
    .addCommand(lensCommand())
    .addCommand(patchCommand())
    .addCommand(scanCommand())
    .addCommand(evalCommand())
    .addCommand(compareCommand())
    .addCommand(reportCommand())
    .addCommand(exportTableCommand())
    .addCommand(trainCommand())
    .addCommand(organismCommand())
    .addCommand(mergeCommand())
    .addCommand(pullCommand())
    .addCommand(inspectCommand())
    .addCommand(verifyCommand())
    .addCommand(cacheCommand())
    .addCommand(doctorCommand());
  completions(program);
  addHabits(program);
  // Before a command looks at its own options.
  program.hook('preSubcommand', () => {
    const { settings } = program.opts<{ settings?: string }>();
    if (settings !== undefined) applySettings(program, settings);
  });
  return program;
}

/** Exit codes: 0 done, 1 a SutureError, 2 a wrong command line, 70 a fault in Suture, 130 interrupted. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = suture();
  // Who reads no further (`| head`) has what they wanted.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  try {
    await program.parseAsync(argv);
  } catch (thrown) {
    process.exitCode = explain(thrown);
  }
}

/** Says what went wrong on standard error; returns the exit code. */
function explain(thrown: unknown): number {
  // Commander has said it already; help and version end here too, with exit code 0.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
  if (thrown instanceof SutureError) {
    console.error(`suture: ${thrown.message} (${thrown.code})`);
    return thrown.code === 'INTERRUPTED' ? 130 : 1;
  }
  console.error('suture: this is a fault in Suture itself; please report it with the lines below.');
  console.error(thrown);
  return 70;
}
