import { join } from 'node:path';
import { Command } from 'commander';
import { writeFileAtomic } from '../core/index.js';
import type { Provider } from '../engine/index.js';
import { repair } from '../repair/index.js';
import { renderRepairReport, renderTerminalSummary } from '../report/index.js';
import type { Cwe } from '../scan/index.js';
import { interruptible } from './interrupt.js';
import { load } from './load.js';
import { cwe, deviceOption, modelOption, threadsOption, wholeNumber } from './options.js';
import { StagedProgress } from './progress.js';
import {
  answerLength,
  itemsOf,
  itemsOption,
  pairsOf,
  pairsOption,
  type SetOptions,
  setOption,
} from './sets.js';

interface Options extends SetOptions {
  cwe: Cwe;
  out?: string;
  seed: number;
  samples: number;
  threads?: number;
  device: Provider;
  json?: true;
}

/** `suture repair`: gap, vector, effect, report. */
export function repairCommand(): Command {
  return new Command('repair')
    .description(
      'measure the gap, derive a steering vector, and measure its effect on tasks it never saw',
    )
    .addOption(modelOption())
    .option('-c, --cwe <cwe>', 'the weakness to repair', cwe, 'CWE-787')
    .addOption(setOption())
    .addOption(pairsOption())
    .addOption(itemsOption())
    .option('-o, --out <dir>', 'run folder (default: runs/repair-<cwe>-seed<seed>)')
    .option('--seed <n>', 'seed of every random draw', wholeNumber(0), 0)
    .option(
      '-n, --samples <n>',
      'completions of each prompt under each condition',
      wholeNumber(1),
      2,
    )
    .addOption(deviceOption())
    .addOption(threadsOption())
    .option('--json', 'print the metrics as JSON instead of the summary')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { seed, samples, device, threads } = options;
  const out = options.out ?? join('runs', `repair-${options.cwe.toLowerCase()}-seed${seed}`);
  await interruptible(async (signal) => {
    const model = await load(options.model, { device, threads, signal });
    try {
      const progress = new StagedProgress();
      const metrics = await repair(model, {
        cwe: options.cwe,
        pairs: pairsOf(options, options.cwe),
        reviewItems: itemsOf(options, options.cwe),
        maxNewTokens: answerLength(options),
        out,
        seed,
        samples,
        signal,
        onProgress: (stage, done, total) => progress.update(stage, done, total),
      });
      progress.done();
      const report = join(out, 'report.html');
      writeFileAtomic(report, renderRepairReport(metrics));
      if (options.json) {
        process.stdout.write(`${JSON.stringify(metrics, null, 2)}\n`);
        return;
      }
      const color = process.stdout.isTTY && !process.env.NO_COLOR;
      const width = process.stdout.columns;
      process.stdout.write(renderTerminalSummary(metrics, { color, ...(width ? { width } : {}) }));
      process.stdout.write(
        `\nReport  ${report}\nVector  ${join(out, metrics.vector.file)}\nTry it  npx suture generate --vector ${join(out, metrics.vector.file)}\n`,
      );
    } finally {
      await model.close();
    }
  });
}
