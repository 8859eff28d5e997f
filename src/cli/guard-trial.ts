import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { writeFileAtomic } from '../core/index.js';
import { comparisonAsMarkdown, renderComparison, trialTables } from '../report/index.js';
import { CWES } from '../scan/index.js';
import { KINDS, SYSTEMS, type System, trial } from '../trial/index.js';
import { interruptible } from './interrupt.js';
import { load } from './load.js';
import { modelOption, threadsOption, wholeNumber } from './options.js';
import { ordinaryOf, ordinaryPromptsOf } from './ordinary.js';
import { StagedProgress } from './progress.js';
import { pairsOf, type SetOptions, setOption } from './sets.js';

interface Options extends SetOptions {
  out: string;
  system?: System[];
  repetitions: number;
  samples: number;
  threads?: number;
  json?: true;
}

/** `suture guard trial`: all systems on the same pairs, prompts and seeds, judged by the same rules. */
export function guardTrialCommand(): Command {
  return new Command('trial')
    .description('train guards, their rivals and their ablations alike, and judge them alike')
    .addOption(modelOption())
    .addOption(setOption())
    .requiredOption('-o, --out <dir>', 'run folder; a run that was cut off resumes there')
    .option(
      '--system <names>',
      `which ones, separated by commas: names, or kinds (${KINDS.join(', ')}) (default: all)`,
      systems,
    )
    .option('--repetitions <n>', 'each with another split and other seeds', wholeNumber(1), 3)
    .option('-n, --samples <n>', 'completions of each prompt', wholeNumber(1), 2)
    .addOption(threadsOption())
    .option('--json', 'print all figures as JSON')
    .action(run);
}

function systems(text: string): System[] {
  const asked = text.split(',').map((name) => name.trim());
  for (const name of asked) {
    if (SYSTEMS.some((system) => [system.name, system.kind].includes(name))) continue;
    throw new InvalidArgumentError(
      `There is no system "${name}"; there are: ${SYSTEMS.map((system) => system.name).join(', ')}.`,
    );
  }
  // Everything is measured against the model as it is.
  return SYSTEMS.filter(
    ({ name, kind }) => name === 'base' || asked.includes(name) || asked.includes(kind),
  );
}

async function run(options: Options): Promise<void> {
  const { out, system: chosen = SYSTEMS, repetitions, samples, threads } = options;
  await interruptible(async (signal) => {
    const model = await load(options.model, { threads, signal });
    const ordinary = await ordinaryOf(options);
    const progress = new StagedProgress();
    try {
      const metrics = await trial(model, {
        pairs: CWES.flatMap((cwe) => pairsOf(options, cwe)),
        requests: ordinaryPromptsOf(options).filter(({ split }) => split !== 'judge'),
        tasks: ordinary.ordinary,
        ...(ordinary.isRight && { isRight: ordinary.isRight }),
        systems: chosen,
        repetitions,
        samples,
        out,
        signal,
        onProgress: (stage, done, total) => progress.update(stage, done, total),
      });
      progress.done();
      const tables = trialTables(metrics);
      writeFileAtomic(join(out, 'report.html'), renderComparison(tables));
      process.stdout.write(
        options.json
          ? `${JSON.stringify(metrics, null, 2)}\n`
          : `${comparisonAsMarkdown(tables)}\nReport  ${join(out, 'report.html')}\n`,
      );
    } finally {
      progress.done();
      await ordinary.close();
      await model.close();
    }
  });
}
