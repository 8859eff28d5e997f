import type { Model } from '../engine/index.js';
import {
  type CompleteOptions,
  type Completion,
  type Condition,
  complete,
  type PromptPair,
  type RunFolder,
} from '../evaluate/index.js';
import type { Scanner } from '../scan/index.js';

/** Every judged completion of a run, in `samples.jsonl`: what is there is not generated again. */
export const SAMPLES = 'samples.jsonl';

/** A completion as it is kept; `condition` is the arm, or the point of a curve. */
type SavedCompletion = Omit<Completion, 'pair'> & { condition: string; pair: string; base: string };

/** A condition with the name it goes by in the file. */
export interface NamedCondition extends Condition {
  name: string;
}

export class Samples {
  readonly #model: Model;
  readonly #scanner: Scanner;
  readonly #folder: RunFolder;
  readonly #known = new Map<string, SavedCompletion>();

  constructor(model: Model, scanner: Scanner, folder: RunFolder) {
    this.#model = model;
    this.#scanner = scanner;
    this.#folder = folder;
    for (const saved of folder.readLines<SavedCompletion>(SAMPLES)) {
      this.#known.set(keyOf(saved.condition, saved.pair, saved.sample), saved);
    }
  }

  /** Completes what is not known yet, and appends each as it comes. */
  async complete(
    conditions: readonly NamedCondition[],
    options: CompleteOptions,
  ): Promise<Completion[]> {
    return complete(this.#model, this.#scanner, conditions, options, {
      known: (row, sample) => {
        const { name, pair } = conditions[row]!;
        const saved = this.#known.get(keyOf(name, pair.id, sample));
        return saved && restored(saved, pair);
      },
      onCompletion: (row, { pair, ...rest }) => {
        const condition = conditions[row]!.name;
        const saved = { condition, pair: pair.id, base: pair.base, ...rest };
        this.#folder.append(SAMPLES, saved);
        this.#known.set(keyOf(condition, pair.id, rest.sample), saved);
      },
    });
  }
}

const keyOf = (condition: string, pair: string, sample: number) =>
  JSON.stringify([condition, pair, sample]);

function restored(saved: SavedCompletion, pair: PromptPair): Completion {
  const { condition: _, base: __, ...rest } = saved;
  return { ...rest, pair };
}
