import { Random } from '../core/index.js';
import type { PromptPair } from '../evaluate/index.js';
import type { Cwe } from '../scan/index.js';
import {
  type Contrast,
  directionOf,
  type FoldChoice,
  orthogonalLike,
  otherBases,
  randomLike,
  scaledLike,
  shuffledLike,
  steering,
  vectorFor,
} from '../steer/index.js';
import { PREAMBLES, type Preamble, preambleOf } from './prompts.js';
import type { NamedCondition } from './samples.js';

/**
 * What an arm is there for: the model as it is; the repair; the repair elsewhere or with more; vectors that must do
 * nothing; what costs nothing; and what the repair would look like if its data were not kept apart.
 */
export type ArmKind = 'plain' | 'repair' | 'control' | 'prompt' | 'sampling' | 'leak';

/** A condition under which all judged prompts are completed. */
export interface ArmPlan {
  name: string;
  kind: ArmKind;
  /** For readers. */
  description: string;
  /** Differs from the run's where the arm is about it. */
  temperature?: number;
  /** What is done to one prompt in one draw. */
  condition: (pair: PromptPair, draw: number) => Omit<NamedCondition, 'name' | 'pair' | 'intent'>;
  /** Sets of conditions that are pooled: random vectors. Defaults to 1. */
  draws?: number;
}

/** Random vectors of each fold. */
const RANDOMS = 5;

export interface ArmsInput {
  cwe: Cwe;
  seed: number;
  /** Of the pairs that vectors are made from. */
  contrasts: readonly Contrast[];
  /** Of the judged pairs: for the leak alone. */
  judgedContrasts: readonly Contrast[];
  folds: readonly FoldChoice[];
  /** The best of the last layer for each fold, where a fold chose another layer. */
  lastLayer: readonly FoldChoice[];
  /** Contrasts of other weaknesses. */
  others: ReadonlyMap<Cwe, readonly Contrast[]>;
  /** Whether the chat template takes system messages, as something else than the user's words. */
  takesSystem: boolean;
}

/** The arms of a repair: what it does, and everything it has to be compared with. */
export function armsOf(input: ArmsInput): ArmPlan[] {
  const { cwe, seed, contrasts, judgedContrasts, folds, lastLayer, others, takesSystem } = input;
  const of = (choices: readonly FoldChoice[], pair: PromptPair) =>
    choices.find(({ base }) => base === pair.base)!;
  // Every vector but those of the leak is made without the base that it is judged on; each is made once.
  const cached = new Map<string, Float32Array>();
  const once = (key: string, make: () => Float32Array) => {
    const known = cached.get(key) ?? make();
    cached.set(key, known);
    return known;
  };
  const steered =
    (name: string, vectorOf: (choice: FoldChoice, draw: number) => Float32Array, choices = folds) =>
    (pair: PromptPair, draw: number) => {
      const choice = of(choices, pair);
      const vector = once(`${name} ${choice.base} ${draw}`, () => vectorOf(choice, draw));
      return { interventions: [steering(choice, vector)] };
    };
  const without = (base: string) => otherBases(contrasts, base);
  const preamble = (which: Preamble) => preambleOf(which, cwe);
  const plans: ArmPlan[] = [
    { name: 'none', kind: 'plain', description: 'as it is', condition: () => ({}) },
    {
      name: 'steered',
      kind: 'repair',
      description: 'steering vector',
      condition: steered('steered', ({ vector }) => vector),
    },
    {
      name: 'random',
      kind: 'control',
      description: `random vectors of the same norm, ${RANDOMS} for each family`,
      draws: RANDOMS,
      condition: steered('random', ({ vector, base }, draw) =>
        randomVector(vector, seed, base, draw),
      ),
    },
    {
      name: 'prompt',
      kind: 'prompt',
      description: 'security reminder in the prompt',
      condition: () => ({ preamble: preamble('terse') }),
    },
    {
      name: 'shuffled',
      kind: 'control',
      description: 'vector made from shuffled labels, same norm',
      condition: steered('shuffled', ({ vector, base, site, layer }) =>
        shuffledLike(vector, without(base), site, layer, new Random(seed, 'shuffled', base)),
      ),
    },
    {
      name: 'orthogonal',
      kind: 'control',
      description: 'what else differs most in the data, orthogonal to the vector, same norm',
      condition: steered('orthogonal', ({ vector, base, site, layer }) =>
        orthogonalLike(vector, without(base), site, layer),
      ),
    },
    ...[...others].map(
      ([other, own]): ArmPlan => ({
        name: `other ${other}`,
        kind: 'control',
        description: `the vector of ${other}, same norm`,
        condition: steered(other, ({ vector, method, site, layer }) =>
          scaledLike(directionOf(method, own, site, layer), vector),
        ),
      }),
    ),
    ...PREAMBLES.filter((which) => which !== 'terse').map(
      (which): ArmPlan => ({
        name: `prompt ${which}`,
        kind: 'prompt',
        description: PREAMBLE_ARMS[which],
        condition: () => ({ preamble: preamble(which) }),
      }),
    ),
    ...(takesSystem
      ? [
          {
            name: 'prompt system',
            kind: 'prompt' as const,
            description: 'security reminder as a system message',
            condition: () => ({ system: preamble('terse') }),
          },
        ]
      : []),
    {
      name: 'prompt and vector',
      kind: 'repair',
      description: 'security reminder and steering vector',
      condition: (pair, draw) => ({
        ...steered('steered', ({ vector }) => vector)(pair, draw),
        preamble: preamble('terse'),
      }),
    },
    {
      name: 'temperature 1',
      kind: 'sampling',
      description: 'temperature 1, no vector',
      temperature: 1,
      condition: () => ({}),
    },
    {
      name: 'global',
      kind: 'leak',
      description: 'vector made from all families, the judged one too',
      condition: steered('global', (choice) => vectorFor(choice, contrasts).vector),
    },
    {
      name: 'in sample',
      kind: 'leak',
      description: 'vector made from the judged prompts themselves',
      condition: steered('in sample', (choice) => vectorFor(choice, judgedContrasts).vector),
    },
  ];
  if (lastLayer.length > 0) {
    plans.push({
      name: 'last layer',
      kind: 'repair',
      description: 'steering vector at the last layer, chosen likewise',
      condition: steered('last layer', ({ vector }) => vector, lastLayer),
    });
  }
  return plans;
}

/** A random vector as long as another. */
export const randomVector = (vector: Float32Array, seed: number, ...keys: (string | number)[]) =>
  randomLike(vector, new Random(seed, 'random vector', ...keys));

const PREAMBLE_ARMS: Record<Exclude<Preamble, 'terse'>, string> = {
  verbose: 'reminder that names calls and what to use instead',
  neutral: 'a preamble about style, as long as the reminder',
  format: 'a preamble about the form of the answer alone',
};
