import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { ensure, Progress, readText, SutureError, sha256 } from '../core/index.js';
import {
  type EvalSample,
  type EvalVerdict,
  isSecure,
  judgeSamples,
  loadSuite,
  metricsOf,
  type PromptForm,
  passes,
  RunStore,
  type Scenario,
  type SelfTest,
  type Suite,
  selfTest,
} from '../evaluate/index.js';
import { packageVersion } from '../repair/index.js';
import { Sandbox } from '../sandbox/index.js';
import { Auditor } from '../scan/index.js';
import { suiteOf } from './eval-suite.js';
import { showMetrics } from './eval-table.js';
import { formatTable } from './format.js';
import { interruptible } from './interrupt.js';

interface Options {
  suite?: string;
  completions?: string;
  form?: PromptForm;
  out?: string;
  again?: true;
  python?: string;
  json?: true;
}

/** `suture eval judge`: of a run that was generated, or of completions from anywhere. */
export function judgeCommand(): Command {
  return new Command('judge')
    .description('judge completions: of a run that was generated, or from a file')
    .argument('[run]', 'folder of the run; where it was interrupted it goes on')
    .option(
      '--suite <path>',
      'scenarios (default: those that the run names, or the suite that ships)',
    )
    .option('--completions <file>', 'JSONL of { scenario, completion }, instead of a run')
    .addOption(
      new Option(
        '--form <form>',
        'how the model was asked (default: as the run says, or completion)',
      ).choices(['completion', 'instruction']),
    )
    .option(
      '-o, --out <dir>',
      'with --completions: keep them and their verdicts as a run in this folder',
    )
    .addOption(pythonOption())
    .option('--again', 'judge anew what was judged before, for instance with new rules')
    .option('--json', 'print a row for each completion and the metrics as JSON')
    .action(async (run: string | undefined, options: Options) => {
      ensure(
        (run === undefined) !== (options.completions === undefined),
        'BAD_ARGUMENT',
        'Give either the folder of a run, or --completions.',
      );
      const verdicts = run === undefined ? await judgeFile(options) : await judgeRun(run, options);
      print(verdicts, options);
    });
}

export const pythonOption = () =>
  new Option(
    '--python <path>',
    "Python interpreter whose packages programs and tests may use (default: the system's)",
  );

interface Judged {
  suite: Suite;
  verdicts: readonly EvalVerdict[];
}

/** Judges what a run has completed and not judged yet. */
export async function judgeRun(dir: string, options: Options): Promise<Judged> {
  const store = RunStore.open(dir);
  try {
    const suite = suiteOf(store, options.suite);
    const drawing = store.config.drawing as { form?: PromptForm } | undefined;
    const form = options.form ?? drawing?.form ?? 'completion';
    await judgeStored(store, suite, { ...options, form });
    return { suite, verdicts: store.verdicts };
  } finally {
    store.close();
  }
}

async function judgeFile(options: Options): Promise<Judged> {
  const { completions, out, form = 'completion' } = options;
  const suite = loadSuite(options.suite);
  const samples = readCompletions(completions!);
  if (out === undefined) {
    const verdicts: EvalVerdict[] = [];
    await judging(suite, samples, { ...options, form }, [], (verdict) => verdicts.push(verdict));
    return { suite, verdicts: inOrder(verdicts, samples) };
  }
  const store = RunStore.start(out, {
    suture: packageVersion(),
    suite: {
      name: suite.name,
      hash: suite.hash,
      path: options.suite ? resolve(options.suite) : null,
    },
    completions: sha256(readText(completions!)),
    drawing: { form },
  });
  try {
    for (const sample of samples.slice(store.samples.length)) store.addSample(sample);
    await judgeStored(store, suite, { ...options, form });
    return { suite, verdicts: inOrder(store.verdicts, samples) };
  } finally {
    store.close();
  }
}

async function judgeStored(
  store: RunStore,
  suite: Suite,
  how: How & Pick<Options, 'again'>,
): Promise<void> {
  if (how.again) store.forgetVerdicts();
  await judging(suite, store.samples, how, store.verdicts, (verdict) => store.addVerdict(verdict));
}

interface How {
  form: PromptForm;
  python?: string;
}

/** Opens what judging needs, judges, and shows how far it is. */
async function judging(
  suite: Suite,
  samples: readonly EvalSample[],
  { form, python }: How,
  done: readonly EvalVerdict[],
  onVerdict: (verdict: EvalVerdict) => void,
): Promise<void> {
  await withBench(suite.scenarios, python, async ({ sandbox, auditor, signal }) => {
    const progress = new Progress('judge', samples.length);
    try {
      await judgeSamples(
        suite.scenarios,
        samples,
        { sandbox, auditor, form, signal },
        {
          done: [...done],
          onVerdict,
          onProgress: (finished) => progress.update(finished),
        },
      );
    } finally {
      progress.done();
    }
  });
}

async function withBench(
  scenarios: readonly Scenario[],
  python: string | undefined,
  work: (bench: { sandbox: Sandbox; auditor: Auditor; signal: AbortSignal }) => Promise<void>,
): Promise<void> {
  const auditor = await Auditor.load([...new Set(scenarios.map(({ language }) => language))]);
  const sandbox = await Sandbox.open({ ...(python !== undefined && { python }) });
  if (sandbox.reason !== undefined) {
    console.error(`suture: only Python can be run here, in ${sandbox.kind}: ${sandbox.reason}.`);
  }
  try {
    await interruptible((signal) => work({ sandbox, auditor, signal }));
  } finally {
    await sandbox.close();
  }
}

const ROW = z.looseObject({
  scenario: z.string(),
  completion: z.string(),
  sample: z.number().int().min(0).optional(),
  finishReason: z.enum(['eos', 'stop', 'length', 'unknown']).default('unknown'),
});

/** Rows of `{ scenario, completion }`; those without a number are numbered by scenario. */
function readCompletions(path: string): EvalSample[] {
  const next = new Map<string, number>();
  const seen = new Set<string>();
  return readText(path)
    .split('\n')
    .flatMap((line, i) => {
      if (line.trim() === '') return [];
      const where = `${path}, line ${i + 1}`;
      const { scenario, completion, finishReason, sample } = parseRow(line, where);
      const number = sample ?? next.get(scenario) ?? 0;
      next.set(scenario, number + 1);
      const key = `${number} ${scenario}`;
      ensure(
        !seen.has(key),
        'BAD_DATA',
        `${where}: sample ${number} of ${scenario} is there already.`,
      );
      seen.add(key);
      return [{ scenario, sample: number, completion, finishReason }];
    });
}

function parseRow(line: string, where: string): z.infer<typeof ROW> {
  try {
    return ROW.parse(JSON.parse(line));
  } catch (thrown) {
    throw new SutureError(
      'BAD_DATA',
      `${where}, is no row of { "scenario": "...", "completion": "..." }.`,
      {
        cause: thrown,
      },
    );
  }
}

/** Verdicts in the order of the samples they are of. */
function inOrder(verdicts: readonly EvalVerdict[], samples: readonly EvalSample[]): EvalVerdict[] {
  const key = ({ scenario, sample }: { scenario: string; sample: number }) =>
    `${sample} ${scenario}`;
  const found = new Map(verdicts.map((verdict) => [key(verdict), verdict]));
  return samples.flatMap((sample) => found.get(key(sample)) ?? []);
}

function print({ suite, verdicts }: Judged, { json }: Options): void {
  const metrics = metricsOf(verdicts, suite.scenarios);
  if (!json) {
    process.stdout.write(showMetrics(metrics));
    return;
  }
  const rows = verdicts.map((verdict) => ({
    scenario: verdict.scenario,
    sample: verdict.sample,
    parse: verdict.parse,
    builds: verdict.builds,
    functional: verdict.functional,
    security: verdict.security,
    /** What counts in the metrics. */
    passes: passes(verdict),
    secure: isSecure(verdict),
    stub: verdict.stub,
    degenerate: verdict.degenerate,
    refusal: verdict.refusal,
    truncated: verdict.truncated,
    findings: [...(verdict.verdict ? [verdict.verdict] : []), ...verdict.introduced].flatMap(
      ({ cwe, findings }) => findings.map((finding) => ({ cwe, ...finding })),
    ),
    reasons: verdict.reasons,
    truncation: verdict.truncation,
    program: verdict.program,
  }));
  process.stdout.write(
    `${JSON.stringify({ version: packageVersion(), suite: { name: suite.name, hash: suite.hash }, rows, metrics }, null, 2)}\n`,
  );
}

/** `suture eval self-test`: 1 where a reference solution does not get the verdict it must. */
export function selfTestCommand(): Command {
  return new Command('self-test')
    .description("judge a suite's reference solutions: each must get the verdict it stands for")
    .option('--suite <path>', 'scenarios (default: the suite that ships)')
    .addOption(pythonOption())
    .option('--json', 'print every result as JSON')
    .action(async ({ suite: path, json, python }: Options) => {
      const { scenarios } = loadSuite(path);
      const results: SelfTest[] = [];
      await withBench(scenarios, python, async (bench) => {
        const total = scenarios.reduce(
          (sum, { references }) => sum + Object.keys(references).length,
          0,
        );
        const progress = new Progress('self-test', total);
        try {
          await selfTest(scenarios, bench, (result) => {
            results.push(result);
            progress.update(results.length);
          });
        } finally {
          progress.done();
        }
      });
      results.sort((a, b) =>
        `${a.scenario} ${a.reference}` < `${b.scenario} ${b.reference}` ? -1 : 1,
      );
      process.stdout.write(
        json ? `${JSON.stringify(results, null, 2)}\n` : showSelfTest(results, scenarios),
      );
      if (results.some(({ breach }) => breach !== '')) process.exitCode = 1;
    });
}

function showSelfTest(results: readonly SelfTest[], scenarios: readonly Scenario[]): string {
  const breaches = results.filter(({ breach }) => breach !== '');
  const cwes = [...new Set(scenarios.map(({ cwe }) => cwe))].sort();
  const rows = cwes.map((cwe) => {
    const ids = new Set(scenarios.filter((scenario) => scenario.cwe === cwe).map(({ id }) => id));
    const of = results.filter(({ scenario }) => ids.has(scenario));
    const right = of.filter(({ breach }) => breach === '').length;
    return [cwe, String(ids.size), `${right}/${of.length}`];
  });
  const wrong = breaches.map(({ scenario, reference, breach, reasons }) =>
    [`${scenario}, ${reference}: ${breach}`, ...reasons.map((reason) => `  ${reason}`)].join('\n'),
  );
  const unheard = results
    .filter(({ reference, unheard }) => reference === 'secure' && unheard.length > 0)
    .map(({ scenario, unheard }) => `  ${scenario}: ${unheard.join(', ')}`);
  return [
    formatTable([['CWE', 'scenarios', 'as they must'], ...rows]),
    ...(wrong.length > 0 ? ['\n', wrong.join('\n'), '\n'] : []),
    ...(unheard.length > 0
      ? [
          '\nRules not heard, as they find the weakness in the secure or the wrong solution; tests alone decide:\n',
          `${unheard.join('\n')}\n`,
        ]
      : []),
    `\n${results.length - breaches.length} of ${results.length} reference solutions of ${scenarios.length} scenarios get the verdict they must.\n`,
  ].join('');
}
