import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { ensure } from '../core/index.js';
import type { GenerateOptions, Model } from '../engine/index.js';
import { CONTROLS, type Control, DeepGuardGuide, openPrefix } from '../guard/index.js';
import { wholeNumber } from './options.js';

export interface GuardOptions {
  adapter?: string;
  guard?: string;
  rescore?: number;
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
      'tokens after which the guard looks again (default: once, at the prompt)',
      wholeNumber(1),
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

/** The guard that the options name, if they name one; to be closed. */
export async function openGuide(
  model: Model,
  { guard, rescore, force }: GuardOptions & { force?: true },
): Promise<DeepGuardGuide | undefined> {
  ensure(
    guard !== undefined || rescore === undefined,
    'BAD_ARGUMENT',
    'There is no guard to look again: give one (--guard).',
  );
  if (guard === undefined) return undefined;
  return DeepGuardGuide.open(model, guard, {
    ...(rescore !== undefined && { every: rescore }),
    ...(force && { force }),
  });
}
