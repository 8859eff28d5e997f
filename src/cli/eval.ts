import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { ensure, Progress } from '../core/index.js';
import type { Provider, WeightDType } from '../engine/index.js';
import {
  type EvalMetrics,
  generateLocally,
  generateRemotely,
  loadSuite,
  metricsOf,
  type PromptForm,
  RunFolder,
  RunStore,
  type Scenario,
  type Split,
  verdictsOf,
} from '../evaluate/index.js';
import {
  constrainedScenarios,
  generateConstrained,
  type SuiteConstraints,
} from '../guard/index.js';
import { packageVersion } from '../repair/index.js';
import {
  constraintsOf,
  type SuiteConstraintOptions,
  withSuiteConstraintOptions,
} from './constraints.js';
import { exportCommand, viewCommand } from './eval-export.js';
import { judgeCommand, judgeFolder, pythonOption, selfTestCommand } from './eval-judge.js';
import { suiteOf } from './eval-suite.js';
import { showMetrics } from './eval-table.js';
import { type GateOptions, steeringOf, withGateOptions } from './gate-options.js';
import {
  type GuardOptions,
  type Guide,
  openGuide,
  prefixOf,
  withGuardOptions,
} from './guard-options.js';
import { interruptible } from './interrupt.js';
import { load } from './load.js';
import {
  decimal,
  deviceOption,
  dtypeOption,
  modelOption,
  threadsOption,
  type VectorOptions,
  wholeNumber,
  withVectorOptions,
} from './options.js';

/** `suture eval`: whether a model's completions are secure and correct, in stages on one folder. */
export function evalCommand(): Command {
  return new Command('eval')
    .description('evaluate completions: generate, judge, score')
    .addCommand(wholeRun())
    .addCommand(generateStage())
    .addCommand(judgeCommand())
    .addCommand(scoreStage())
    .addCommand(viewCommand())
    .addCommand(exportCommand())
    .addCommand(selfTestCommand());
}

interface GenerateOptions extends VectorOptions, GateOptions, GuardOptions, SuiteConstraintOptions {
  suite?: string;
  out: string;
  form: PromptForm;
  split?: Split;
  cwe?: string[];
  limit?: number;
  samples: number;
  temperature: number;
  topP: number;
  maxTokens: number;
  seed: number;
  model: string;
  dtype: WeightDType;
  device: Provider;
  threads?: number;
  endpoint?: string;
  endpointModel?: string;
  endpointKey: string;
  concurrency: number;
  priceIn: number;
  priceOut: number;
}

/** All stages, one after the other; each goes on where an earlier call was interrupted. */
function wholeRun(): Command {
  return withDrawing(
    new Command('run').description('generate, judge and score in one go; called again it goes on'),
  )
    .addOption(pythonOption())
    .option('--json', 'print the metrics as JSON')
    .action(async (options: GenerateOptions & { python?: string; json?: true }) => {
      await generate(options);
      const { suite, python } = options;
      await judgeFolder(options.out, {
        ...(suite !== undefined && { suite }),
        ...(python !== undefined && { python }),
      });
      const metrics = score(options.out, options);
      process.stdout.write(
        options.json ? `${JSON.stringify(metrics, null, 2)}\n` : `\n${showMetrics(metrics)}`,
      );
    });
}

function generateStage(): Command {
  return withDrawing(
    new Command('generate').description(
      'complete the scenarios of a suite, into the folder of a run',
    ),
  ).action(async (options: GenerateOptions) => {
    await generate(options);
    process.stdout.write(`Next  suture eval judge ${options.out}\n`);
  });
}

/** What completions depend on. */
function withDrawing(command: Command): Command {
  return withSuiteConstraintOptions(withGateOptions(withGuardOptions(withVectorOptions(command))))
    .requiredOption('-o, --out <dir>', 'folder of the run; one that was interrupted goes on')
    .option('--suite <path>', 'scenarios (default: the suite that ships)')
    .addOption(
      new Option('--form <form>', 'how the model is asked')
        .choices(['completion', 'instruction'])
        .default('completion'),
    )
    .addOption(
      new Option('--split <split>', 'only these scenarios').choices([
        'trained',
        'held-out',
        'perturbed',
      ]),
    )
    .option('--cwe <cwe...>', 'only scenarios of these weaknesses, as CWE-089')
    .option('--limit <n>', 'only the first n scenarios', wholeNumber(1))
    .option('-n, --samples <n>', 'completions of each scenario', wholeNumber(1), 10)
    .option('-t, --temperature <x>', '0 is greedy', decimal, 0.4)
    .option('--top-p <x>', 'nucleus of the sampling', decimal, 0.95)
    .option('--max-tokens <n>', 'limit of new tokens', wholeNumber(1), 256)
    .option('--seed <n>', 'seed of the sampling', wholeNumber(0), 0)
    .addOption(modelOption())
    .addOption(dtypeOption())
    .addOption(deviceOption())
    .addOption(threadsOption())
    .addOption(
      new Option(
        '--endpoint <url>',
        'ask an OpenAI-compatible server instead, up to /v1',
      ).conflicts(['vector', 'gate', 'adapter', 'guard', 'rescore', 'prefix', 'expert']),
    )
    .option('--endpoint-model <name>', 'the model to ask there')
    .option('--endpoint-key <variable>', 'environment variable with its key', 'OPENAI_API_KEY')
    .option('--concurrency <n>', 'requests at a time', wholeNumber(1), 4)
    .option('--price-in <x>', 'price of a million prompt tokens there', decimal, 0)
    .option('--price-out <x>', 'price of a million generated tokens there', decimal, 0);
}

async function generate(options: GenerateOptions): Promise<void> {
  const suite = loadSuite(options.suite);
  const told = constraintsOf(options);
  const all = told ? constrainedScenarios(suite.scenarios, told.constraints) : suite.scenarios;
  const scenarios = chosen(all, options);
  const { form, samples: n, temperature, topP, maxTokens: maxNewTokens, seed } = options;
  const drawing = { form, n, temperature, topP, maxNewTokens, seed };
  const about = {
    suture: packageVersion(),
    suite: {
      name: suite.name,
      hash: suite.hash,
      path: options.suite ? resolve(options.suite) : null,
    },
    scenarios: scenarios.map(({ id }) => id),
    drawing,
    ...(told && { constraints: told.record }),
  };
  const total = scenarios.length * n;
  const progress = new Progress('generate', total);
  const onProgress = (done: number) => progress.update(done);
  await interruptible(async (signal) => {
    try {
      if (options.endpoint !== undefined) {
        await remote(options, about, scenarios, { onProgress, signal });
      } else {
        await local(options, about, scenarios, { onProgress, signal }, told?.constraints);
      }
    } finally {
      progress.done();
    }
  });
  if (!told) console.error(`${total} completions in ${options.out}`);
}

/** The scenarios that the options name. */
function chosen(
  all: readonly Scenario[],
  { split, cwe, limit, form }: GenerateOptions,
): readonly Scenario[] {
  const found = all.filter(
    (scenario) =>
      scenario.prompts[form] !== undefined &&
      (split === undefined || scenario.split === split) &&
      (cwe === undefined || cwe.includes(scenario.cwe)),
  );
  ensure(found.length > 0, 'BAD_ARGUMENT', 'No scenario of the suite is what the options ask for.');
  return found.slice(0, limit);
}

interface About {
  suite: object;
  drawing: Parameters<typeof generateLocally>[3];
}
type Progressing = { onProgress: (done: number) => void; signal: AbortSignal };

async function local(
  options: GenerateOptions,
  about: About,
  scenarios: readonly Scenario[],
  progressing: Progressing,
  constraints: SuiteConstraints | undefined,
): Promise<void> {
  const { dtype, device, threads, adapter, beams } = options;
  const { signal } = progressing;
  const model = await load(options.model, { dtype, device, threads, signal });
  let guide: Guide | undefined;
  try {
    const { edits, record } = steeringOf(options, model);
    const prefix = prefixOf(model, options);
    guide = await openGuide(model, options, signal);
    const store = RunStore.start(options.out, {
      ...about,
      model: {
        id: model.id,
        hash: model.hash,
        tokenizer: model.tokenizer?.hash ?? null,
        template: model.tokenizer?.chatTemplateHash ?? null,
        dtype,
      },
      ...record,
      adapter: adapter === undefined ? null : resolve(adapter),
      guard: null,
      ...guide?.record,
      ...(prefix && { prefix: prefix.record }),
    });
    try {
      if (constraints) {
        const { samples, satisfied } = await generateConstrained(
          store,
          scenarios,
          model,
          about.drawing,
          {
            ...progressing,
            constraints,
            ...(adapter !== undefined && { adapter }),
            ...(beams !== undefined && { beams }),
          },
        );
        console.error(`${samples} completions in ${options.out}, ${satisfied} as they were told`);
        return;
      }
      await generateLocally(store, scenarios, model, about.drawing, {
        ...progressing,
        ...edits,
        ...(adapter !== undefined && { adapter }),
        ...(prefix && { prefix: prefix.prefix }),
        ...(guide && { guide: (prompts) => guide!.options(prompts) }),
      });
    } finally {
      store.close();
    }
  } finally {
    await guide?.close();
    await model.close();
  }
}

async function remote(
  options: GenerateOptions,
  about: About,
  scenarios: readonly Scenario[],
  progressing: Progressing,
): Promise<void> {
  const { endpoint: url, endpointModel: model, endpointKey, concurrency } = options;
  ensure(model !== undefined, 'BAD_ARGUMENT', '--endpoint needs --endpoint-model.');
  const key = process.env[endpointKey];
  const price = { prompt: options.priceIn, completion: options.priceOut };
  const endpoint = { url: url!, model, concurrency, price, ...(key !== undefined && { key }) };
  const store = RunStore.start(options.out, { ...about, endpoint: { url, model } });
  try {
    const used = await generateRemotely(store, scenarios, endpoint, about.drawing, progressing);
    const { requests, retries, promptTokens, completionTokens, cost } = used;
    console.error(
      `${requests} requests, ${retries} of them again; ${promptTokens} + ${completionTokens} tokens${cost > 0 ? `, cost ${cost.toFixed(4)}` : ''}`,
    );
  } finally {
    store.close();
  }
}

function scoreStage(): Command {
  return new Command('score')
    .description('the metrics of a run whose completions were judged')
    .argument('<run>', 'folder of the run')
    .option('-k <list>', 'k of pass@k and its kin, as 1,5,10', (text: string) =>
      text.split(',').map(wholeNumber(1)),
    )
    .option('--suite <path>', 'scenarios (default: those that the run names)')
    .option('--json', 'print it as JSON')
    .action((dir: string, options: { k?: number[]; suite?: string; json?: true }) => {
      const metrics = score(dir, options);
      process.stdout.write(
        options.json ? `${JSON.stringify(metrics, null, 2)}\n` : showMetrics(metrics),
      );
    });
}

/** Scores a run's saved verdicts, and keeps the metrics in its folder. */
function score(dir: string, { k, suite }: { k?: number[]; suite?: string }): EvalMetrics {
  const folder = RunFolder.open(dir);
  try {
    const { scenarios } = suiteOf(folder, suite);
    const metrics = metricsOf(verdictsOf(folder), scenarios, k);
    ensure(
      metrics.samples > 0,
      'BAD_DATA',
      `${dir} has no verdicts yet. Run "suture eval judge ${dir}" first.`,
    );
    folder.write('metrics.json', metrics);
    return metrics;
  } finally {
    folder.close();
  }
}
