import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { ensure } from '../core/index.js';
import type { GenerateOptions, Model } from '../engine/index.js';
import {
  CONTROLS,
  ContextualGuide,
  type Control,
  DeepGuardGuide,
  guardMethod,
  openPrefix,
} from '../guard/index.js';
import { wholeNumber } from './options.js';
import { weight } from './train-pairs.js';

export interface GuardOptions {
  adapter?: string;
  guard?: string;
  rescore?: number;
  guardStrength?: number;
  prefix?: string;
  control?: Control;
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

/** What the commands need of a guard, whatever its method. */
export interface Guide {
  /** What a run that is written under it has to say of it. */
  readonly record: object;
  options(
    prompts: readonly (readonly number[])[],
  ): Promise<Pick<GenerateOptions, 'adapter' | 'processors' | 'watch'>>;
  close(): Promise<void>;
}

/** The guard that the options name, if they name one; to be closed. */
export async function openGuide(
  model: Model,
  { guard, rescore, guardStrength, force }: GuardOptions & { force?: true },
): Promise<Guide | undefined> {
  ensure(
    guard !== undefined || (rescore === undefined && guardStrength === undefined),
    'BAD_ARGUMENT',
    '--rescore and --guard-strength say how a guard acts: give one (--guard).',
  );
  if (guard === undefined) return undefined;
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
