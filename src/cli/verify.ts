import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { fileError } from '../core/index.js';
import {
  type Fidelity,
  fidelity,
  type Model,
  type Provider,
  type Verification,
  verify,
  type WeightDType,
} from '../engine/index.js';
import { formatTable } from './format.js';
import { interruptible } from './interrupt.js';
import { load } from './load.js';
import { deviceOption, dtypeOption, positive, threadsOption } from './options.js';

interface Options {
  reference?: string;
  text?: string;
  dtype: WeightDType;
  device: Provider;
  tolerance: number;
  threads?: number;
  json?: true;
}

/** `suture verify`: whether a model computes what it should, and where it does not. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'compare a model with activations exported from elsewhere, or one in few bits with itself in float32',
    )
    .argument('[model]', 'folder, org/name of a model that was pulled, or "organism"', 'organism')
    .option('-r, --reference <file>', 'safetensors with the activations (docs/hooks.md)')
    .option('-t, --text <file>', 'text on which to compare --dtype int8 or int4 with f32')
    .addOption(dtypeOption())
    .addOption(deviceOption())
    .option(
      '--tolerance <x>',
      'largest difference, as a share of the largest value',
      positive,
      2e-5,
    )
    .addOption(threadsOption())
    .option('--json', 'print it as JSON')
    .action(run);
}

async function run(id: string, options: Options, command: Command): Promise<void> {
  const { reference, text, dtype, device, json } = options;
  const wrong = (message: string) => command.error(`error: ${message}`, { exitCode: 2 });
  if (reference === undefined && text === undefined) wrong('give --reference, --text or both');
  if (text !== undefined && dtype === 'f32') wrong('--text needs --dtype int8 or --dtype int4');
  await interruptible(async (signal) => {
    const model = await load(id, { dtype, device, threads: options.threads, signal });
    try {
      const activations =
        reference === undefined
          ? undefined
          : await verify(model, reference, { tolerance: options.tolerance, signal });
      const onText = text === undefined ? undefined : await compareOnText(model, id, text, signal);
      if (json) {
        const found = { ...activations, ...(onText && { fidelity: onText }) };
        process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
      } else {
        if (activations) process.stdout.write(showActivations(activations));
        if (onText) process.stdout.write(showFidelity(onText, dtype));
      }
      if (activations?.parts) process.exitCode = 1;
    } finally {
      await model.close();
    }
  });
}

async function compareOnText(
  model: Model,
  id: string,
  path: string,
  signal: AbortSignal,
): Promise<Fidelity> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    throw fileError(thrown, 'read', path);
  }
  const exact = await load(id, { signal });
  try {
    return await fidelity(model, exact, exact.encode({ text }));
  } finally {
    await exact.close();
  }
}

function showActivations(found: Verification): string {
  const { comparisons, greedy, parts, unknown, tolerance } = found;
  const rows = comparisons.map(({ tensor, hook, relMax, partsAt }) => [
    tensor,
    hook,
    relMax.toExponential(1),
    partsAt === undefined ? '' : `from position ${partsAt}`,
  ]);
  const tokens = greedy.map(({ tensor, tokens, equal }) => [
    tensor,
    'greedy tokens',
    `${equal}/${tokens}`,
    equal < tokens ? `from token ${equal}` : '',
  ]);
  const lines = [
    formatTable([['tensor', 'compared with', 'relMax', 'parts'], ...rows, ...tokens]),
    ...(unknown.length > 0
      ? [
          `Not compared, as their names are unknown: ${unknown.length} tensors, ${unknown[0]} first.`,
        ]
      : []),
    parts
      ? `They part at ${place(parts)} of prompt ${parts.prompt}.`
      : `Equal: every difference is at most ${tolerance.toExponential()} of the largest value.`,
  ];
  return `${lines.join('\n')}\n`;
}

const place = (parts: NonNullable<Verification['parts']>): string =>
  'hook' in parts ? `${parts.hook}, position ${parts.partsAt},` : `greedy token ${parts.equal}`;

function showFidelity(found: Fidelity, dtype: WeightDType): string {
  const { tokens, kl, sameTop, perplexity, referencePerplexity } = found;
  return formatTable([
    [`${dtype} against f32`, `${tokens} tokens`],
    ['KL(f32 || it)', `${kl.toPrecision(3)} nats per token`],
    ['same most probable token', `${(100 * sameTop).toFixed(1)} %`],
    ['perplexity', `${perplexity.toFixed(3)} (f32: ${referencePerplexity.toFixed(3)})`],
  ]);
}
