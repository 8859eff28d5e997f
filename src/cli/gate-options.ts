import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { ensure } from '../core/index.js';
import type { GenerateOptions, Model } from '../engine/index.js';
import { type GateFile, gateTexts, readGate, readVector, routeVectors } from '../steer/index.js';
import { type VectorOptions, vectorsOf, wholeNumber } from './options.js';

export interface GateOptions {
  gate?: string;
  gateEvery?: number;
}

/** Options for a gate that chooses among the vectors. */
export const withGateOptions = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--gate <file>',
        'a gate written by "suture gate train": it chooses one of the vectors, or none',
      ).conflicts(['guard', 'expert', 'require', 'forbid', 'combine']),
    )
    .option(
      '--gate-every <n>',
      'tokens after which the gate chooses again (default: once, at the prompt)',
      wholeNumber(1),
    );

/** The gate that the options name, if they name one. @throws {SutureError} BAD_ARGUMENT where it has nothing to choose from */
export function gateOf({
  gate,
  gateEvery,
  vector = [],
}: GateOptions & VectorOptions): GateFile | undefined {
  ensure(
    gate !== undefined || gateEvery === undefined,
    'BAD_ARGUMENT',
    'There is no gate to ask again: give one (--gate).',
  );
  if (gate === undefined) return undefined;
  ensure(
    vector.length > 0,
    'BAD_ARGUMENT',
    'A gate chooses among vectors: give one or several (--vector).',
  );
  return readGate(gate);
}

/** The edits that the options ask for, by a gate or without one, and what a run records of them. */
export function steeringOf(
  options: GateOptions & VectorOptions,
  model: Model,
): {
  edits: Pick<GenerateOptions, 'interventions' | 'gate'>;
  record: { steering: ReturnType<typeof vectorsOf>['record']; gate?: object };
} {
  const gate = gateOf(options);
  const { interventions, record: steering } = vectorsOf(options, model);
  if (!gate) return { edits: { interventions }, record: { steering } };
  const { gateEvery: every, vector = [] } = options;
  return {
    edits: routeVectors(gate, vector.map(readVector), model, { ...options, every }),
    record: { steering, gate: { path: resolve(options.gate!), every, ...gateTexts(gate) } },
  };
}
