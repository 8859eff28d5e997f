import { z } from 'zod';
import { ensure, readJsonLines } from '../../core/index.js';
import type { Model } from '../../engine/index.js';
import {
  type Drawing,
  type GenerationProgress,
  missingSamples,
  promptsOf,
  type RunStore,
  type Scenario,
  truncateFor,
} from '../../evaluate/index.js';
import { hashOf } from '../bound.js';
import { type ConstrainedOptions, constrained } from './beams.js';

const TEXTS = z.array(z.string().min(1)).default([]);

/** A line of a file of constraints. */
const LINE = z
  .strictObject({ scenario: z.string().min(1), require: TEXTS, forbid: TEXTS })
  .refine(({ require, forbid }) => require.length + forbid.length > 0, 'nothing is constrained');

/** What the completions of each scenario are told. */
export interface SuiteConstraints {
  /** SHA-256 of the file. */
  hash: string;
  byScenario: ReadonlyMap<string, Required<Pick<ConstrainedOptions, 'require' | 'forbid'>>>;
}

/**
 * Reads constraints by scenario: lines of `{"scenario": "cwe-787-copy", "require": ["snprintf"], "forbid": ["strcpy"]}`.
 *
 * @throws {SutureError} BAD_DATA naming the line, or a scenario that comes twice; NOT_FOUND; DISK
 */
export function readConstraints(path: string): SuiteConstraints {
  const byScenario = new Map<string, { require: string[]; forbid: string[] }>();
  for (const { scenario, require, forbid } of readJsonLines(path, LINE, 'constraint')) {
    ensure(!byScenario.has(scenario), 'BAD_DATA', `${path} has two lines for ${scenario}.`);
    byScenario.set(scenario, { require, forbid });
  }
  return { hash: hashOf(path), byScenario };
}

/** The scenarios that have constraints. @throws {SutureError} BAD_DATA for constraints of one that is not there */
export function constrainedScenarios(
  scenarios: readonly Scenario[],
  { byScenario }: SuiteConstraints,
): Scenario[] {
  const known = new Set(scenarios.map(({ id }) => id));
  const strange = [...byScenario.keys()].find((id) => !known.has(id));
  ensure(
    strange === undefined,
    'BAD_DATA',
    `There are constraints for ${strange}, which is no scenario of the suite.`,
  );
  return scenarios.filter(({ id }) => byScenario.has(id));
}

/**
 * Completes scenarios, each under its constraints (`constrained`); samples that the run has already are not written
 * again. Only what is judged of a completion counts (docs/evaluation.md), and it ends where that is whole.
 *
 * @returns how many samples the run has, of some scenarios fewer than `drawing.n` if no more were found, and how many
 *   of them satisfy their constraints
 * @throws {SutureError} as `constrained`; BAD_ARGUMENT where a scenario has no constraints, or no prompt of the form
 * @example
 * const constraints = readConstraints('constraints.jsonl');
 * const scenarios = constrainedScenarios(loadSuite().scenarios, constraints);
 * await generateConstrained(store, scenarios, model, drawing, { constraints });
 */
export async function generateConstrained(
  store: RunStore,
  scenarios: readonly Scenario[],
  model: Model,
  drawing: Drawing,
  options: GenerationProgress &
    Pick<ConstrainedOptions, 'beams' | 'tries' | 'adapter'> & { constraints: SuiteConstraints },
): Promise<{ samples: number; satisfied: number }> {
  const { constraints, onProgress, ...searching } = options;
  const { form, n, ...sampling } = drawing;
  for (const { scenario, samples } of missingSamples(store, scenarios, n)) {
    const told = constraints.byScenario.get(scenario.id);
    ensure(told, 'BAD_ARGUMENT', `The scenario ${scenario.id} has no constraints.`);
    const prompts = promptsOf([scenario], form);
    const found = await constrained(model, model.encode(prompts)[0]!, {
      ...searching,
      ...sampling,
      ...told,
      n,
      eosIds: model.endIds(prompts),
      cut: (text) => truncateFor(scenario, text, form),
    });
    for (const sample of samples) {
      const one = found.samples[sample];
      if (!one) continue;
      const { text: completion, tokens, finishReason, satisfied } = one;
      store.addSample({
        scenario: scenario.id,
        sample,
        completion,
        tokens,
        finishReason,
        satisfied,
      });
    }
    onProgress?.(store.samples.length, scenarios.length * n);
  }
  const satisfied = store.samples.filter((sample) => sample.satisfied).length;
  return { samples: store.samples.length, satisfied };
}
