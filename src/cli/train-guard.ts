import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { SutureError } from '../core/index.js';
import type { Model } from '../engine/index.js';
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
import { mean } from '../stats/index.js';
import { formatCount } from './format.js';
import { interruptible } from './interrupt.js';
import { load } from './load.js';
import {
  functionsOf,
  groupsOf,
  leftOutText,
  type PairOptions,
  shareBelowOne,
  tokenizerOf,
  withAdapterOptions,
  withPaceOptions,
  withPairOptions,
} from './train-pairs.js';

interface Options extends PairOptions {
  variant: Variant;
  setting: [string, unknown][];
  rank: number;
  alpha: number;
  dropout: number;
  validation: number;
}

/** `suture train guard`: DeepGuard, as its paper says or as its code does. */
export function trainGuardCommand(): Command {
  const command = new Command('guard')
    .description('train DeepGuard: an adapter, a security analyser and a token prior')
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
    .option('--validation <x>', 'share of the pairs kept apart, whole groups', shareBelowOne, 0.1)
    .action(run);
  const pace = { epochs: 5, batchSize: 8, accumulate: 2, rate: 2e-5, seed: 42 };
  withAdapterOptions(withPairOptions(command), { rank: 16, alpha: 32, dropout: 0.1 });
  return withPaceOptions(command, 'pairs', pace, 'most epochs');
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
      const { pairs, cuts } = tokenPairs(tokenizerOf(model), functions, {
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
  const { adapter, guard } = trained.parameters;
  const lines = [
    `${train.length} pairs of ${groupsOf(train)} groups; ${validation.length} of ${groupsOf(validation)} others to validate${leftOutText(leftOut, { ...cuts })}`,
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
