import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { ensure, Progress, readText, SutureError, sha256, writeFileAtomic } from '../core/index.js';
import {
  type EvalSample,
  type EvalVerdict,
  isSecure,
  judgeRun,
  loadSuite,
  type PromptForm,
  passes,
  RunFolder,
  type Scenario,
  type SelfTest,
  type Suite,
  selfTest,
  withRunOnDisk,
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
      if (run === undefined) await judgeFile(options);
      else await judgeFolder(run, options, print);
    });
}

export const pythonOption = () =>
  new Option(
    '--python <path>',
    "Python interpreter whose packages programs and tests may use (default: the system's)",
  );

/** Judges what a run has completed and not judged yet, and has `use` work with what it then is. */
export async function judgeFolder(
  dir: string,
  options: Options,
  use: (folder: RunFolder, suite: Suite, options: Options) => void = () => {},
): Promise<void> {
  const folder = RunFolder.open(dir);
  try {
    const suite = suiteOf(folder, options.suite);
    const drawing = folder.config.drawing as { form?: PromptForm } | undefined;
    await judging(folder, suite, { ...options, form: options.form ?? drawing?.form });
    use(folder, suite, options);
  } finally {
    folder.close();
  }
}

/** Completions from a file are a run too, of which nothing is left where no folder is named. */
async function judgeFile(options: Options): Promise<void> {
  const { completions, out, form = 'completion' } = options;
  const suite = loadSuite(options.suite);
  const dir = out ?? mkdtempSync(join(tmpdir(), 'suture-judge-'));
  try {
    const folder = RunFolder.start(dir, {
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
      keepCompletions(folder, completions!);
      await judging(folder, suite, { ...options, form });
      print(folder, suite, options);
    } finally {
      folder.close();
    }
  } finally {
    if (out === undefined) rmSync(dir, { recursive: true, force: true });
  }
}

/** Puts the rows of a file into a run, but for those that an earlier call has put there. */
function keepCompletions(folder: RunFolder, path: string): void {
  const samples = readCompletions(path);
  ensure(samples.length > 0, 'BAD_DATA', `${path} holds no completions.`);
  let kept = 0;
  for (const _ of folder.eachLine('samples.jsonl')) kept++;
  for (const sample of samples.slice(kept)) folder.append('samples.jsonl', sample);
}

/** Opens what judging needs, judges, and shows how far it is. */
async function judging(
  folder: RunFolder,
  suite: Suite,
  {
    form = 'completion',
    python,
    again,
  }: { form: PromptForm | undefined } & Pick<Options, 'python' | 'again'>,
): Promise<void> {
  if (again) writeFileAtomic(join(folder.dir, 'judged.jsonl'), '');
  await withBench(suite.scenarios, python, async ({ sandbox, auditor, signal }) => {
    let progress: Progress | undefined;
    try {
      await judgeRun(folder, suite, { sandbox, auditor, form, signal }, (done, total) => {
        progress ??= new Progress('judge', total);
        progress.update(done);
      });
    } finally {
      progress?.done();
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

/** Prints the metrics; as JSON with a row for each sample, in their order, of which one is held at a time. */
function print(folder: RunFolder, suite: Suite, { json }: Options): void {
  withRunOnDisk(folder, suite, ({ samples, verdicts, metrics, readVerdict }) => {
    if (!json) {
      process.stdout.write(showMetrics(metrics()));
      return;
    }
    const key = ({ scenario, sample }: { scenario: string; sample: number }) =>
      `${sample} ${scenario}`;
    const placeOf = new Map(verdicts.map((place) => [key(place), place]));
    const { name, hash } = suite;
    const around = JSON.stringify(
      { version: packageVersion(), suite: { name, hash }, rows: [], metrics: metrics() },
      null,
      2,
    );
    const cut = around.indexOf('"rows": []') + '"rows": ['.length;
    process.stdout.write(around.slice(0, cut));
    let between = '';
    for (const sample of samples) {
      const place = placeOf.get(key(sample));
      if (!place) continue;
      const row = JSON.stringify(rowOf(readVerdict(place)), null, 2).replaceAll('\n', '\n    ');
      process.stdout.write(`${between}\n    ${row}`);
      between = ',';
    }
    process.stdout.write(`${between && '\n  '}${around.slice(cut)}\n`);
  });
}

const rowOf = (verdict: EvalVerdict) => ({
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
});

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
