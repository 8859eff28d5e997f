import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { ensure, readJson, writeFileAtomic } from '../core/index.js';
import { type DiagnoseOptions, diagnose, diagnoseConfig, STAGES } from '../diagnose/index.js';
import { PROVIDERS } from '../engine/index.js';
import { cweName } from '../evaluate/index.js';
import { packageVersion } from '../repair/index.js';
import { renderDiagnoseReport, renderDiagnosis } from '../report/index.js';
import { interruptible } from './interrupt.js';
import { decisionPairs } from './lens.js';
import { load } from './load.js';
import {
  cweInFile,
  deviceOption,
  knownCwe,
  modelOption,
  namesOf,
  threadsOption,
  wholeNumber,
} from './options.js';
import { StagedProgress } from './progress.js';
import {
  itemsOf,
  itemsOption,
  pairsOf,
  pairsOption,
  type SetOptions,
  setOf,
  setOption,
} from './sets.js';

/** A configuration file: what is diagnosed, and how. Flags have the last word. */
const fileSchema = diagnoseConfig.extend({
  model: z.string().default('organism'),
  /** CWE-787 by default; of a file, the only one to take from it. */
  cwe: z.string().transform(cweName).optional(),
  device: z.enum(PROVIDERS).default('cpu'),
  threads: z.int().min(1).optional(),
  set: z.enum(['organism', 'instruct']).optional(),
  pairs: z.string().optional(),
  items: z.string().optional(),
});
type Flags = Partial<z.infer<typeof fileSchema>> & { config?: string; out?: string; json?: true };

/** `suture diagnose`: where does what it knows go? All measurements, one report. */
export function diagnoseCommand(): Command {
  return new Command('diagnose')
    .description(
      'where does what it knows about security go? All measurements of one weakness, answered in words',
    )
    .addOption(modelOption().default(undefined, 'organism'))
    .option(
      '-c, --cwe <cwe>',
      'the weakness (default: CWE-787), or the only one to take from a file',
      cweInFile,
    )
    .addOption(setOption())
    .addOption(pairsOption())
    .addOption(itemsOption())
    .option('--config <file>', 'a JSON file of all settings, as in run.json; flags go before it')
    .option('--stages <names>', `only some of ${STAGES.join(', ')}`, namesOf(STAGES))
    .option(
      '-o, --out <dir>',
      'run folder; one that was cut off goes on (default: runs/diagnose-…)',
    )
    .option('--seed <n>', 'seed of every random draw (default: 0)', wholeNumber(0))
    .addOption(deviceOption().default(undefined, 'cpu'))
    .addOption(threadsOption())
    .option('--json', 'print the metrics as JSON instead of the summary')
    .action(run);
}

async function run({ config: file, out: given, json, ...flags }: Flags): Promise<void> {
  const settings = fileSchema.safeParse({ ...(file && (readJson(file) as object)), ...flags });
  ensure(
    settings.success,
    'BAD_CONFIG',
    `${file ?? 'The command line'} is not a configuration of diagnose: ${settings.error && z.prettifyError(settings.error)}`,
  );
  const { model: id, cwe: only, set, pairs, items, device, threads, ...config } = settings.data;
  const data = dataOf({
    model: id,
    ...(only && { cwe: only }),
    ...(set && { set }),
    ...(pairs && { pairs }),
    ...(items && { items }),
  });
  const name = data.about.cwe.toLowerCase().replaceAll(/\W+/g, '-');
  const out = given ?? join('runs', `diagnose-${name}-seed${config.seed}`);
  await interruptible(async (signal) => {
    const model = await load(id, { device, threads, signal });
    try {
      const progress = new StagedProgress();
      const metrics = await diagnose(model, {
        ...data,
        config,
        out,
        signal,
        onProgress: (stage, done, total) => progress.update(stage, done, total),
      });
      progress.done();
      const report = join(out, 'report.html');
      writeFileAtomic(report, renderDiagnoseReport(metrics));
      if (json) {
        process.stdout.write(`${JSON.stringify(metrics, null, 2)}\n`);
        return;
      }
      const color = Boolean(process.stdout.isTTY && !process.env.NO_COLOR);
      const width = process.stdout.columns;
      process.stdout.write(renderDiagnosis(metrics, { color, ...(width ? { width } : {}) }));
      process.stdout.write(`\nReport  ${report}\n`);
    } finally {
      await model.close();
    }
  });
}

/**
 * What is diagnosed with: shipped prompts, or one's own. The gap needs whole tasks (with their context, and snippets to
 * review), so that of pairs without snippets it is not measured.
 */
function dataOf(
  options: SetOptions & { cwe?: string },
): Pick<DiagnoseOptions, 'pairs' | 'tasks' | 'about'> {
  const suture = packageVersion();
  const { cwe: only, pairs: file, items } = options;
  if (file !== undefined && items === undefined) {
    const about = { suture, cwe: only ?? 'all weaknesses', pairs: file };
    return { pairs: decisionPairs(options), about };
  }
  const weakness = knownCwe(only);
  const pairs = pairsOf(options, weakness);
  return {
    pairs,
    tasks: {
      pairs: pairs.filter(({ split }) => split === 'judge'),
      reviewItems: itemsOf(options, weakness),
    },
    about: { suture, cwe: weakness, pairs: file ?? setOf(options) },
  };
}
