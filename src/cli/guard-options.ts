import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { ensure } from '../core/index.js';
import type { GenerateOptions, Model, Provider, WeightDType } from '../engine/index.js';
import {
  CONTROLS,
  ContextualGuide,
  type Control,
  CoSecGuide,
  DeepGuardGuide,
  EXPERT_VARIANTS,
  type ExpertVariant,
  guardMethod,
  openPrefix,
} from '../guard/index.js';
import { load } from './load.js';
import { wholeNumber } from './options.js';
import { weight } from './train-pairs.js';

export interface GuardOptions {
  adapter?: string;
  guard?: string;
  rescore?: number;
  guardStrength?: number;
  prefix?: string;
  control?: Control;
  expert?: string;
  expertModel?: string;
  expertVariant?: ExpertVariant;
}

/** What acts at every token; to be closed. */
export interface Guide {
  /** What a run that is written under it says of it. */
  record: object;
  /** What `generate` is to be given beside prompts that are these token ids. */
  options(
    prompts: readonly (readonly number[])[],
  ): Promise<
    Pick<GenerateOptions, 'adapter' | 'processors' | 'watch' | 'temperature' | 'topP' | 'topK'>
  >;
  close(): Promise<void>;
}

/** Options for writing under what was learnt from pairs of functions. */
export const withGuardOptions = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--adapter <dir>',
        'a LoRA folder in PEFT layout; a guard has one of its own',
      ).conflicts('guard'),
    )
    .option('--guard <dir>', 'a guard written by "suture train guard"')
    .option(
      '--rescore <n>',
      'tokens after which DeepGuard looks again (default: once, at the prompt)',
      wholeNumber(1),
    )
    .option(
      '--guard-strength <x>',
      'how strongly a contextual guard acts (default: what it was calibrated to)',
      weight,
    )
    .addOption(
      new Option('--prefix <dir>', 'prefixes written by "suture train sven"').conflicts([
        'guard',
        'adapter',
      ]),
    )
    .addOption(
      new Option('--control <side>', 'which of the prefixes (default: "secure")').choices(CONTROLS),
    )
    .addOption(
      new Option(
        '--expert <dir>',
        'an expert written by "suture train cosec": it drafts each token',
      ).conflicts(['guard', 'adapter', 'prefix']),
    )
    .option('--expert-model <model>', 'the model that the expert was trained on, if it is another')
    .addOption(
      new Option(
        '--expert-variant <name>',
        'what a draft is held against: what the model would draw, or, as published, what it says at temperature 1 (default: "warped")',
      ).choices(EXPERT_VARIANTS),
    );

/** The prefix that the options name, if they name one, and what a run records of it. */
export function prefixOf(
  model: Model,
  { prefix: dir, control, force }: GuardOptions & { force?: true },
): { prefix: NonNullable<GenerateOptions['prefix']>; record: object } | undefined {
  ensure(
    dir !== undefined || control === undefined,
    'BAD_ARGUMENT',
    'There is no prefix to choose from: give some (--prefix).',
  );
  if (dir === undefined) return undefined;
  const { prefixes, hash } = openPrefix(dir, model, { force: force ?? false });
  const chosen = control ?? 'secure';
  return { prefix: prefixes[chosen], record: { path: resolve(dir), hash, control: chosen } };
}

/** The guard or the expert that the options name, if they name one. */
export async function openGuide(
  model: Model,
  options: GuardOptions & { force?: true } & DrawingOptions,
  signal: AbortSignal,
): Promise<Guide | undefined> {
  const { guard, rescore, guardStrength, expert, expertModel, expertVariant } = options;
  ensure(
    guard !== undefined || (rescore === undefined && guardStrength === undefined),
    'BAD_ARGUMENT',
    '--rescore and --guard-strength say how a guard acts: give one (--guard).',
  );
  ensure(
    expert !== undefined || (expertModel === undefined && expertVariant === undefined),
    'BAD_ARGUMENT',
    'There is no expert: give one (--expert).',
  );
  if (expert !== undefined) return openExpert(model, expert, options, signal);
  if (guard === undefined) return undefined;
  const guide = await openGuard(model, guard, options);
  return {
    record: { guard: { path: resolve(guard), ...guide.record } },
    options: (prompts) => guide.options(prompts),
    close: () => guide.close(),
  };
}

async function openGuard(
  model: Model,
  guard: string,
  { rescore, guardStrength, force }: GuardOptions & { force?: true },
): Promise<DeepGuardGuide | ContextualGuide> {
  const forced = force ? { force } : {};
  if (guardMethod(guard) === 'deepguard') {
    ensure(
      guardStrength === undefined,
      'BAD_ARGUMENT',
      `${guard} is DeepGuard: its strength follows from its scores (--guard-strength is for contextual guards).`,
    );
    return DeepGuardGuide.open(model, guard, {
      ...forced,
      ...(rescore !== undefined && { every: rescore }),
    });
  }
  ensure(
    rescore === undefined,
    'BAD_ARGUMENT',
    `The guard in ${guard} looks at every token (--rescore is for DeepGuard).`,
  );
  return ContextualGuide.open(model, guard, {
    ...forced,
    ...(guardStrength !== undefined && { strength: guardStrength }),
  });
}

/** What tokens are drawn and computed with. */
interface DrawingOptions {
  temperature: number;
  topP: number;
  dtype: WeightDType;
  device: Provider;
  threads?: number;
}

async function openExpert(
  model: Model,
  dir: string,
  options: GuardOptions & { force?: true } & DrawingOptions,
  signal: AbortSignal,
): Promise<Guide> {
  const { temperature, topP, expertModel: id, expertVariant: variant, force } = options;
  const { dtype, device, threads } = options;
  const own = id === undefined ? undefined : await load(id, { dtype, device, threads, signal });
  try {
    const guide = CoSecGuide.open(model, dir, {
      temperature,
      topP,
      ...(variant && { variant }),
      ...(own && { expertModel: own }),
      ...(force && { force }),
    });
    return {
      record: { expert: { path: resolve(dir), ...guide.record } },
      options: async () => guide.options(),
      close: async () => {
        await guide.close();
        await own?.close();
      },
    };
  } catch (thrown) {
    await own?.close();
    throw thrown;
  }
}
