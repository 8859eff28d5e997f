import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { ensure } from '../core/index.js';
import type { Model, Prompts } from '../engine/index.js';
import { CONSTRAINED, constrained, readConstraints } from '../guard/index.js';
import { wholeNumber } from './options.js';

export interface ConstraintOptions {
  require?: string[];
  forbid?: string[];
  beams?: number;
}

const collected = (text: string, others: string[] = []) => [...others, text];

/** Options for a completion that is told what to have in it. */
export const withConstraintOptions = (command: Command): Command => {
  const others = ['vector', 'guard', 'prefix', 'expert'];
  return command
    .addOption(
      new Option('--require <text>', 'a text that must be in the completion; may be repeated')
        .argParser(collected)
        .conflicts(others),
    )
    .addOption(
      new Option('--forbid <text>', 'a text that must not be in it; may be repeated')
        .argParser(collected)
        .conflicts(others),
    )
    .addOption(beamsOption());
};

/** Options for completions of a suite that are told the same. */
export const withSuiteConstraintOptions = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--constraints <file>',
        'lines of {"scenario", "require", "forbid"}: what completions must and must not have in them; only these scenarios',
      ).conflicts(['vector', 'gate', 'guard', 'prefix', 'expert', 'endpoint']),
    )
    .addOption(beamsOption());

const beamsOption = () =>
  new Option(
    '--beams <n>',
    `beams that are kept for constraints (default: ${CONSTRAINED.beams})`,
  ).argParser(wholeNumber(1));

export interface SuiteConstraintOptions {
  constraints?: string;
  beams?: number;
}

/** The constraints that the options name, if they name any, and what a run records of them. */
export function constraintsOf({ constraints: path, beams }: SuiteConstraintOptions) {
  ensure(
    path !== undefined || beams === undefined,
    'BAD_ARGUMENT',
    'Beams are kept for constraints: give some (--constraints).',
  );
  if (path === undefined) return undefined;
  const constraints = readConstraints(path);
  const record = {
    path: resolve(path),
    hash: constraints.hash,
    beams: beams ?? CONSTRAINED.beams,
  };
  return { constraints, record };
}

/** Whether anything is required or forbidden. @throws {SutureError} BAD_ARGUMENT for beams without */
export function isConstrained({ require, forbid, beams }: ConstraintOptions): boolean {
  const given = require !== undefined || forbid !== undefined;
  ensure(
    given || beams === undefined,
    'BAD_ARGUMENT',
    'Beams are kept for what is required or forbidden: give a text (--require, --forbid).',
  );
  return given;
}

/** A completion under constraints, and what became of them. */
export async function constrainedText(
  model: Model,
  prompts: Prompts,
  options: ConstraintOptions & {
    maxTokens: number;
    temperature: number;
    topP: number;
    seed: number;
    stop?: string[];
    adapter?: string;
  },
  signal: AbortSignal,
): Promise<string> {
  const { require = [], forbid = [], beams, maxTokens, temperature, topP, seed } = options;
  const [ids] = model.encode(prompts);
  const { samples, satisfied, tries } = await constrained(model, ids!, {
    require,
    forbid,
    ...(beams !== undefined && { beams }),
    maxNewTokens: maxTokens,
    temperature,
    topP,
    seed,
    stop: options.stop ?? [],
    eosIds: model.endIds(prompts),
    ...(options.adapter !== undefined && { adapter: options.adapter }),
    signal,
  });
  const told = [
    ...require.map((text) => `with ${JSON.stringify(text)}`),
    ...forbid.map((text) => `without ${JSON.stringify(text)}`),
  ];
  const searches = tries === 1 ? '1 search' : `${tries} searches`;
  const [sample] = samples;
  let outcome = `satisfied in ${searches}`;
  if (satisfied === 0) {
    const lacks = sample?.missing.map((text) => JSON.stringify(text)) ?? [];
    outcome = `not satisfied in ${searches}${lacks.length > 0 ? `: ${lacks.join(', ')} is not in it` : ''}`;
  }
  return `Told the answer (${told.join(', ')}; ${outcome}):\n${sample?.text ?? ''}\n`;
}
