import { Command, CommanderError } from 'commander';
import { SutureError } from '../core/index.js';
import { packageVersion } from '../repair/index.js';
import { cacheCommand } from './cache.js';
import { compareCommand } from './compare.js';
import { diagnoseCommand } from './diagnose.js';
import { evalCommand } from './eval.js';
import { gapCommand } from './gap.js';
import { generateCommand } from './generate.js';
import { inspectCommand } from './inspect.js';
import { lensCommand } from './lens.js';
import { organismCommand } from './organism.js';
import { patchCommand } from './patch.js';
import { probeCommand } from './probe.js';
import { pullCommand } from './pull.js';
import { repairCommand } from './repair.js';
import { scanCommand } from './scan.js';
import { serveCommand } from './serve.js';
import { trainCommand } from './train.js';
import { vectorCommand } from './vector.js';
import { verifyCommand } from './verify.js';

/** Exit codes: 0 done, 1 a SutureError, 2 a wrong command line, 70 a fault in Suture, 130 interrupted. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('suture')
    .description(
      'Finds where a code language model drops what it knows about security, and repairs it there.',
    )
    .version(packageVersion())
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride()
    .addCommand(repairCommand())
    .addCommand(diagnoseCommand())
    .addCommand(probeCommand())
    .addCommand(gapCommand())
    .addCommand(lensCommand())
    .addCommand(patchCommand())
    .addCommand(generateCommand())
    .addCommand(serveCommand())
    .addCommand(vectorCommand())
    .addCommand(pullCommand())
    .addCommand(inspectCommand())
    .addCommand(verifyCommand())
    .addCommand(cacheCommand())
    .addCommand(scanCommand())
    .addCommand(evalCommand())
    .addCommand(compareCommand())
    .addCommand(trainCommand())
    .addCommand(organismCommand());
  for (const command of program.commands) {
    command.exitOverride();
    for (const nested of command.commands) nested.exitOverride();
  }
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
