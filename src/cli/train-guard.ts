import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { ensure, SutureError } from '../core/index.js';
import type { Model } from '../engine/index.js';
import { type FunctionPair, functionPairOf, readFunctionPairs } from '../evaluate/index.js';
import {
  type Cuts,
  DeepGuardGuide,
  type DeepGuardRun,
  type DeepGuardSettings,
  deepGuardSettings,
  distinctPairs,
  groupedSplit,
  type NotDistinct,
  type TokenPair,
  tokenPairs,
  trainDeepGuard,
  VARIANTS,
  type Variant,
} from '../guard/index.js';
import { pairs as organismPairs } from '../organism/index.js';
import { CWES } from '../scan/index.js';
import { mean } from '../stats/index.js';
import { formatCount } from './format.js';
import { interruptible } from './interrupt.js';
import { load } from './load.js';
import {
  cweInFile,
  decimal,
  modelOption,
  positive,
  threadsOption,
  wholeNumber,
} from './options.js';

interface Options {
  model: string;
  functions?: string;
  cwe?: string;
  out?: string;
  variant: Variant;
  setting: [string, unknown][];
  epochs: number;
  batch: number;
  accumulate: number;
  rate: number;
  rank: number;
  alpha: number;
  dropout: number;
  validation: number;
  seed: number;
  threads?: number;
  json?: true;
}

/** `suture train guard`: DeepGuard, as its paper says or as its code does. */
export function trainGuardCommand(): Command {
  return new Command('guard')
    .description('train DeepGuard: an adapter, a security analyser and a token prior')
    .addOption(modelOption())
    .option(
      '--functions <path>',
      'pairs of functions: a JSONL file or a folder of them (default: the organism’s own pairs)',
    )
    .option('-c, --cwe <cwe>', 'only pairs of this weakness', cweInFile)
    .option('-o, --out <dir>', 'where it goes; a run that was cut off resumes there')
    .addOption(
      new Option('--variant <name>', 'as the paper says, or as the released code does')
        .choices(Object.keys(VARIANTS))
        .default('paper' satisfies Variant),
    )
    .option(
      '--setting <name=value>',
      `one choice otherwise than the variant's, as often as needed: ${Object.keys(VARIANTS.paper).join(', ')} (docs/guard.md)`,
      setting,
      [],
    )
    .option('--epochs <n>', 'most epochs', wholeNumber(1), 5)
    .option('--batch <n>', 'pairs of one pass', wholeNumber(1), 8)
    .option('--accumulate <n>', 'passes of one step', wholeNumber(1), 2)
    .option('--rate <x>', 'highest learning rate', positive, 2e-5)
    .option('--rank <n>', 'rank of the adapter', wholeNumber(1), 16)
    .option('--alpha <x>', 'its scale', positive, 32)
    .option('--dropout <x>', 'share of values that are dropped in training', share, 0.1)
    .option('--validation <x>', 'share of the pairs kept apart, whole groups', share, 0.1)
    .option('--seed <n>', 'seed of every random draw', wholeNumber(0), 42)
    .addOption(threadsOption())
    .option('--json', 'print all figures as JSON')
    .action(run);
}

function share(text: string): number {
  const value = decimal(text);
  if (value < 0 || value >= 1) throw new InvalidArgumentError('It must be from 0 to below 1.');
  return value;
}

/** `hinge=batch`, `klLimit=null`, `weights.kl=0`. */
function setting(text: string, before: [string, unknown][]): [string, unknown][] {
  const [, name, value] = /^([\w.]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError('It must be like hinge=batch.');
  }
  try {
    return [...before, [name, JSON.parse(value)]];
  } catch {
    return [...before, [name, value]];
  }
}

function settingsOf({ variant, setting: changes }: Options): DeepGuardSettings {
  const settings: Record<string, unknown> = structuredClone(VARIANTS[variant]);
  for (const [name, value] of changes) {
    const [key, inner] = name.split('.') as [string, string | undefined];
    if (inner === undefined) settings[key] = value;
    else settings[key] = { ...(settings[key] as object), [inner]: value };
  }
  const parsed = deepGuardSettings.safeParse(settings);
  if (parsed.success) return parsed.data;
  throw new SutureError('BAD_ARGUMENT', `--setting: ${z.prettifyError(parsed.error)}`);
}

async function run(options: Options): Promise<void> {
  const settings = settingsOf(options);
  const { epochs, batch, accumulate, rate, rank, alpha, dropout, seed, threads } = options;
  const dir = options.out ?? join('runs', `guard-${options.variant}-seed${seed}`);
  const { pairs: functions, leftOut } = distinctPairs(functionsOf(options));
  await interruptible(async (signal) => {
    const model = await load(options.model, { threads, signal });
    try {
      ensure(
        model.tokenizer,
        'BAD_ARGUMENT',
        `${options.model} has no tokenizer.json: a guard is trained on texts.`,
      );
      const { pairs, cuts } = tokenPairs(model.tokenizer, functions, {
        level: 'all',
        maxTokens: settings.maxTokens,
        policy: settings.tooLong,
      });
      const { train, validation } = groupedSplit(pairs, options.validation, seed);
      const trained = await trainDeepGuard(model, train, {
        dir,
        settings,
        validation,
        epochs,
        batchSize: batch,
        accumulate,
        rate,
        rank,
        alpha,
        dropout,
        seed,
        signal,
        ...(threads !== undefined && { threads }),
      });
      const judged = await judge(model, dir, validation);
      const found = { dir, settings, leftOut, cuts, train, validation, trained, judged };
      process.stdout.write(
        options.json ? `${JSON.stringify(figures(found), null, 2)}\n` : show(found),
      );
    } finally {
      await model.close();
    }
  });
}

function functionsOf({ functions, cwe }: Options): FunctionPair[] {
  const all =
    functions === undefined
      ? CWES.flatMap((one) => organismPairs(one))
          .filter(({ split }) => split === 'derive')
          .map((pair) => functionPairOf(pair))
      : readFunctionPairs(functions);
  const chosen = all.filter((pair) => cwe === undefined || pair.cwe === cwe);
  ensure(
    chosen.length > 0,
    'BAD_DATA',
    `There is no pair${cwe ? ` of ${cwe}` : ''} to learn from.`,
  );
  return chosen;
}

interface Judged {
  secure: number;
  vulnerable: number;
  /** Pairs whose secure function scores higher. */
  right: number;
}

/** How the analyser scores the pairs that were kept apart. */
async function judge(
  model: Model,
  dir: string,
  pairs: readonly TokenPair[],
): Promise<Judged | undefined> {
  if (pairs.length === 0) return undefined;
  const guide = await DeepGuardGuide.open(model, dir);
  try {
    const secure = await guide.scores(pairs.map((pair) => pair.secure.ids));
    const vulnerable = await guide.scores(pairs.map((pair) => pair.vulnerable.ids));
    const right = secure.filter((score, i) => score > vulnerable[i]!).length;
    return { secure: mean(secure), vulnerable: mean(vulnerable), right };
  } finally {
    await guide.close();
  }
}

interface Found {
  dir: string;
  settings: DeepGuardSettings;
  leftOut: NotDistinct;
  cuts: Cuts;
  train: readonly TokenPair[];
  validation: readonly TokenPair[];
  trained: DeepGuardRun;
  judged: Judged | undefined;
}

const figures = ({ train, validation, ...rest }: Found) => ({
  ...rest,
  pairs: { train: train.length, validation: validation.length },
});

function show({ dir, leftOut, cuts, train, validation, trained, judged }: Found): string {
  const groups = (pairs: readonly TokenPair[]) => new Set(pairs.map(({ group }) => group)).size;
  const identical = [...leftOut.identical, ...cuts.identical];
  const left = Object.entries({ ...leftOut, ...cuts, identical }).flatMap(([why, ids]) =>
    ids.length === 0 ? [] : [`${ids.length} ${WHY[why as keyof typeof WHY]}`],
  );
  const { adapter, guard } = trained.parameters;
  const lines = [
    `${train.length} pairs of ${groups(train)} groups; ${validation.length} of ${groups(validation)} others to validate${left.length > 0 ? `; ${left.join(', ')}` : ''}`,
    `${formatCount(adapter)} parameters of the adapter (${trained.targetModules.join(', ')}), ${formatCount(guard)} of the guard; ${trained.steps} steps`,
  ];
  if (trained.best) {
    lines.push(
      `Lowest validation loss ${trained.best.loss.toFixed(4)}, after step ${trained.best.step}, which is kept`,
    );
  }
  if (judged) {
    lines.push(
      `Scores of pairs never seen: secure ${judged.secure.toFixed(3)}, vulnerable ${judged.vulnerable.toFixed(3)}; the secure one is higher in ${judged.right} of ${validation.length}`,
    );
  }
  lines.push(`Written to ${dir}`, `Next  suture generate --guard ${dir}`);
  return `${lines.join('\n')}\n`;
}

const WHY: Record<keyof NotDistinct | keyof Cuts, string> = {
  identical: 'left out, both functions alike',
  repeated: 'left out, there already',
  skipped: 'left out, too long',
  respelled: 'left out, not spelled back',
  cut: 'cut',
  changeLost: 'cut so that nothing differs',
};
