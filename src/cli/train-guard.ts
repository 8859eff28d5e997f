import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { ensure, SutureError } from '../core/index.js';
import {
  CONTEXTUAL,
  checkDeepGuardPreset,
  contextualSettings,
  VARIANTS as DEEPGUARD,
  DEEPGUARD_PRESETS,
  DEEPGUARD_SAMPLING,
  type DeepGuardPreset,
  deepGuardPreset,
  deepGuardSettings,
} from '../guard/index.js';
import { formatTable } from './format.js';
import { interruptible } from './interrupt.js';
import { load } from './load.js';
import { trainContextualGuard } from './train-guard-contextual.js';
import { trainDeepGuardVariant } from './train-guard-deepguard.js';
import {
  GUARD_VARIANTS,
  type GuardTrainingOptions,
  type GuardVariant,
} from './train-guard-options.js';
import {
  shareBelowOne,
  withAdapterOptions,
  withPaceOptions,
  withPairOptions,
} from './train-pairs.js';

/** `suture train guard`: Suture's own, or DeepGuard as its paper says or as its code does. */
export function trainGuardCommand(): Command {
  const command = new Command('guard')
    .description('train a guard: an adapter, and an analyser that guides decoding')
    .addOption(
      new Option(
        '--variant <name>',
        'Suture’s own; or DeepGuard, as its paper says or as its released code does',
      )
        .choices(GUARD_VARIANTS)
        .default('contextual' satisfies GuardVariant),
    )
    .option(
      '--preset <name>',
      `DeepGuard on one of its models, with the figures that were published: ${DEEPGUARD_PRESETS.map(({ name }) => name).join(', ')}`,
    )
    .option(
      '--setting <name=value>',
      'one choice otherwise than the variant’s, as often as needed (docs/guard.md)',
      setting,
      [],
    )
    .option(
      '--ordinary <file>',
      'requests that have nothing to do with security, as JSONL (default: those that ship, by the model); contextual only',
    )
    .option('--no-adapter', 'guide the model, and leave its weights alone; contextual only')
    .option('--validation <x>', 'share of the pairs kept apart, whole groups', shareBelowOne, 0.2)
    .action(run);
  // What is not given is as the variant has it (docs/guard.md).
  const pace = {
    epochs: 5,
    batchSize: undefined,
    accumulate: undefined,
    rate: undefined,
    seed: 42,
  };
  const adapter = { rank: undefined, alpha: undefined, dropout: 0.1 };
  withAdapterOptions(withPairOptions(command), adapter);
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

/** A variant's settings with what is chosen otherwise. */
function changed<S extends object>(
  variant: S,
  changes: readonly [string, unknown][],
  schema: z.ZodType<S>,
): S {
  const settings = new Map<string, unknown>(Object.entries(variant));
  for (const [name, value] of changes) {
    const [key, inner] = name.split('.') as [string, string | undefined];
    if (inner === undefined) settings.set(key, value);
    else settings.set(key, { ...(settings.get(key) as object), [inner]: value });
  }
  const parsed = schema.safeParse(Object.fromEntries(settings));
  if (parsed.success) return parsed.data;
  throw new SutureError(
    'BAD_ARGUMENT',
    `--setting: ${z.prettifyError(parsed.error)}\nThere are: ${Object.keys(variant).join(', ')}.`,
  );
}

async function run(given: GuardTrainingOptions): Promise<void> {
  const preset = given.preset === undefined ? undefined : deepGuardPreset(given.preset);
  const options =
    preset && given.variant === 'contextual' ? { ...given, variant: 'paper' as const } : given;
  const { variant, setting: changes, threads } = options;
  ensure(
    !preset || options.functions !== undefined,
    'BAD_ARGUMENT',
    `${options.preset} was trained on SVEN's pairs: name their folder (--functions).`,
  );
  const dir = options.out ?? join('runs', `guard-${variant}-seed${options.seed}`);
  const settings =
    variant === 'contextual'
      ? { variant, settings: changed(CONTEXTUAL, changes, contextualSettings) }
      : { variant, settings: changed(DEEPGUARD[variant], changes, deepGuardSettings) };
  if (variant !== 'contextual' && (!options.adapter || options.ordinary !== undefined)) {
    throw new SutureError(
      'BAD_ARGUMENT',
      '--ordinary and --no-adapter are for the variant contextual; DeepGuard always has an adapter, and knows pairs alone.',
    );
  }
  await interruptible(async (signal) => {
    const model = await load(options.model, { threads, signal });
    try {
      if (preset) checkDeepGuardPreset(preset, model);
      const text =
        settings.variant === 'contextual'
          ? await trainContextualGuard(model, dir, settings.settings, options, signal)
          : await trainDeepGuardVariant(model, dir, settings.settings, options, signal);
      process.stdout.write(text);
      if (preset && !options.json) process.stdout.write(publishedBeside(preset, dir));
    } finally {
      await model.close();
    }
  });
}

/** What was published, and how to measure it here. */
function publishedBeside({ model, published }: DeepGuardPreset, dir: string): string {
  const { temperature, topP, maxTokens, samples } = DEEPGUARD_SAMPLING;
  const rows = Object.entries(published).map(
    ([system, { pass, secureOfPassing, securePass, svenRate }]) => [
      system,
      ...[pass, secureOfPassing, securePass, svenRate].map((figure) => figure.toFixed(2)),
    ],
  );
  return `
${model} as published: 17 scenarios, ${samples} completions each, one run, no intervals
${formatTable([['', 'pass@1', 'sec@1_pass', 'sec-pass@1', 'SVEN-SR'], ...rows])}
To measure it, with a folder of its scenarios (docs/evaluation.md):
  suture eval run --suite <folder> --guard ${dir} -n ${samples} -t ${temperature} --top-p ${topP} --max-tokens ${maxTokens} -o runs/deepguard
`;
}
