import { type Command, Option } from 'commander';
import { ensure } from '../core/index.js';
import type { Model } from '../engine/index.js';
import { DeepGuardGuide } from '../guard/index.js';
import { wholeNumber } from './options.js';

export interface GuardOptions {
  adapter?: string;
  guard?: string;
  rescore?: number;
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
    );

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
