import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { ensure, writeFileAtomic, writePiecesAtomic } from '../core/index.js';
import {
  exportInspect,
  exportLmEval,
  judgedByScenario,
  metricsOf,
  RunFolder,
  RunStore,
  withRunOnDisk,
} from '../evaluate/index.js';
import { renderSamplesPage } from '../report/index.js';
import { suiteOf } from './eval-suite.js';

interface Options {
  out?: string;
  suite?: string;
}

/** `suture eval view`: a page of a run's samples. */
export function viewCommand(): Command {
  return new Command('view')
    .description('write a page that lists the judged samples: filters, findings, test output')
    .argument('<run>', 'folder of the run')
    .option('-o, --out <file>', 'the page (default: samples.html in the folder of the run)')
    .option('--suite <path>', 'scenarios (default: those that the run names)')
    .option('--tokens', 'hold the token ids too')
    .action((dir: string, options: Options & { tokens?: true }) => {
      const out = options.out ?? join(dir, 'samples.html');
      const folder = RunFolder.open(dir);
      try {
        withRunOnDisk(folder, suiteOf(folder, options.suite), (run) => {
          const groups = judgedByScenario(run).map(({ scenario, judged }) => ({
            scenario,
            samples: judged.map((one) => () => run.read(one)),
          }));
          const tokens = options.tokens === true;
          writePiecesAtomic(out, renderSamplesPage({ title: `Samples of ${dir}`, groups, tokens }));
        });
      } finally {
        folder.close();
      }
      process.stdout.write(`${out}  (${(statSync(out).size / 2 ** 20).toFixed(1)} MiB)\n`);
    });
}

/** `suture eval export`: a run in the formats of other tools. */
export function exportCommand(): Command {
  return new Command('export')
    .description("write a judged run in another tool's format")
    .argument('<run>', 'folder of the run')
    .addOption(
      new Option('--format <format>', 'lm-evaluation-harness, or Inspect')
        .choices(['lm-eval', 'inspect'])
        .makeOptionMandatory(),
    )
    .option('-o, --out <dir>', 'where to (default: the folder of the run)')
    .option('--suite <path>', 'scenarios (default: those that the run names)')
    .action((dir: string, options: Options & { format: 'lm-eval' | 'inspect' }) => {
      const written = options.format === 'inspect' ? inspect(dir, options) : lmEval(dir, options);
      for (const path of written) process.stdout.write(`${path}\n`);
    });
}

function lmEval(dir: string, { out = dir, suite: suitePath }: Options): string[] {
  const { resultsPath, results, samplesPath, samples } = withJudged(
    dir,
    suitePath,
    ({ suite, store: { config, samples, verdicts } }) => {
      const metrics = metricsOf(verdicts, suite.scenarios);
      return exportLmEval({ config, suite, samples, verdicts, metrics, date: new Date() });
    },
  );
  const paths = [join(out, resultsPath), join(out, samplesPath)] as const;
  writeFileAtomic(paths[0], `${JSON.stringify(results, null, 2)}\n`);
  writeFileAtomic(paths[1], samples.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return [...paths];
}

function inspect(dir: string, { out = dir, suite: suitePath }: Options): string[] {
  const folder = RunFolder.open(dir);
  try {
    const date = new Date();
    const suite = suiteOf(folder, suitePath);
    const when = date
      .toISOString()
      .replace(/\.\d+Z$/, '+00-00')
      .replaceAll(':', '-');
    const path = join(out, `${when}_${suite.name.replace(/\W+/g, '-')}.json`);
    withRunOnDisk(folder, suite, (run) => writePiecesAtomic(path, exportInspect(run, date)));
    return [path];
  } finally {
    folder.close();
  }
}

/** Reads a judged run and lets it go again. */
function withJudged<T>(
  dir: string,
  suitePath: string | undefined,
  use: (run: { store: RunStore; suite: ReturnType<typeof suiteOf> }) => T,
): T {
  const store = RunStore.open(dir);
  try {
    ensure(
      store.verdicts.length > 0,
      'BAD_DATA',
      `${dir} has no verdicts yet. Run "suture eval judge ${dir}" first.`,
    );
    return use({ store, suite: suiteOf(store, suitePath) });
  } finally {
    store.close();
  }
}
