import { ensure, Random } from '../../core/index.js';
import type { GenerateOptions, LogitsContext, Model, WatchedRow } from '../../engine/index.js';
import { type DeepGuardFile, openGuard } from './file.js';
import { DeepGuardScorer } from './scorer.js';
import type { DeepGuardSettings } from './settings.js';
import { stateHooks } from './states.js';

export interface GuideOptions {
  /**
   * Tokens after which the mean score is taken anew, over the prompt and all that was generated
   * (DeepGuard, section 4.4). Defaults to never: once, over the prompt.
   */
  every?: number;
  /** Other than the one that the guard was trained with. */
  strength?: DeepGuardSettings['strength'];
  earlyBoost?: boolean;
  /** The prior that was learnt, or standard normal numbers in its place: the paper's control. Defaults to `learnt`. */
  prior?: 'learnt' | 'random';
  /** Use the guard with a model that it was not made for. Defaults to false. */
  force?: boolean;
  /** Of the scorer. Defaults to 1. */
  threads?: number;
}

/** Against division by nothing (DeepGuard, equation 8). */
const EPSILON = 1e-8;

/** Sum and number of the scores of one sequence's tokens. */
interface Scored {
  sum: number;
  count: number;
}

/**
 * DeepGuard's guided decoding (section 3.3): to the logits of every step a multiple of the token prior is
 * added, by as much as the analyser thinks the sequence insecure.
 *
 * Scores of tokens that were seen do not change, so what is scored anew are only the tokens since the last time,
 * from hidden states that decoding has computed anyway.
 *
 * @example
 * const guide = await DeepGuardGuide.open(model, 'runs/deepguard', { every: 64 });
 * const tokens = model.encode({ text: 'def login(name):' });
 * const { samples } = await model.generate({ tokens }, { ...(await guide.options(tokens)), n: 5 });
 * await guide.close();
 */
export class DeepGuardGuide {
  readonly #model: Model;
  readonly #guard: DeepGuardFile;
  readonly #scorer: DeepGuardScorer;
  readonly #every: number | undefined;
  readonly #strength: DeepGuardSettings['strength'];
  readonly #earlyBoost: boolean;
  readonly #random: boolean;
  /** Tokens with a prior, and that divided by the largest. */
  readonly #prior: readonly (readonly [number, number])[];

  private constructor(
    model: Model,
    guard: DeepGuardFile,
    scorer: DeepGuardScorer,
    options: GuideOptions,
  ) {
    const { every, strength = guard.settings.strength } = options;
    this.#model = model;
    this.#guard = guard;
    this.#scorer = scorer;
    this.#every = every;
    this.#strength = strength;
    this.#earlyBoost = options.earlyBoost ?? guard.settings.earlyBoost;
    const random = new Random('random prior');
    this.#random = options.prior === 'random';
    this.#prior = normalised(this.#random ? guard.prior.map(() => random.normal()) : guard.prior);
  }

  /** @throws {SutureError} as `openGuard`; BAD_ARGUMENT for an interval that is not a whole number above 0 */
  static async open(
    model: Model,
    dir: string,
    options: GuideOptions = {},
  ): Promise<DeepGuardGuide> {
    const { every, force = false, threads = 1 } = options;
    ensure(
      every === undefined || (Number.isInteger(every) && every > 0),
      'BAD_ARGUMENT',
      `The interval of scoring must be a whole number above 0; got ${every}.`,
    );
    const guard = openGuard(dir, model, { force });
    const scorer = await DeepGuardScorer.create(guard, model.config, { threads });
    return new DeepGuardGuide(model, guard, scorer, options);
  }

  /** What a run that is written under it has to say of it: hashes of its two files, and what else decides. */
  get record() {
    return {
      hash: this.#guard.hash,
      adapterHash: this.#guard.metadata.adapter_hash,
      every: this.#every ?? null,
      strength: this.#strength,
      earlyBoost: this.#earlyBoost,
      ...(this.#random && { prior: 'random' }),
    };
  }

  /** Mean scores of sequences, from 0 (vulnerable) to 1. */
  async scores(sequences: readonly (readonly number[])[]): Promise<number[]> {
    const scored = await this.#scoreAll(sequences);
    return scored.map(({ sum, count }) => sum / count);
  }

  /**
   * What `generate` is to be given beside these prompts.
   * @param prompts token ids, in the order in which they are generated from
   */
  async options(
    prompts: readonly (readonly number[])[],
  ): Promise<Pick<GenerateOptions, 'adapter' | 'processors' | 'watch'>> {
    const known = this.#strength === 'half' ? [] : await this.#scoreAll(prompts);
    const rows = new Map<string, { scored: Scored; waiting: Waiting }>();
    const rowOf = ({ prompt, sample }: LogitsContext) => {
      const key = `${prompt}:${sample}`;
      const row = rows.get(key) ?? {
        scored: { ...known[prompt]! },
        waiting: { states: [], tokens: [] },
      };
      rows.set(key, row);
      return row;
    };
    const rescores = this.#every !== undefined && this.#strength !== 'half';
    return {
      adapter: this.#guard.dir,
      processors: [
        (logits, context) => {
          const strength = this.#strength === 'half' ? 0.5 : this.#of(rowOf(context).scored);
          const boosted = this.#earlyBoost && [1, 2].includes(context.tokens.length);
          for (const [id, prior] of this.#prior) {
            logits[id]! += strength * prior + (boosted ? Math.max(0, prior) : 0);
          }
        },
      ],
      ...(rescores && {
        watch: {
          hooks: stateHooks(this.#model.config, this.#guard.settings.layers),
          look: (watched) => this.#look(watched, rowOf, this.#every!),
        },
      }),
    };
  }

  async close(): Promise<void> {
    await this.#scorer.close();
  }

  /** Takes in each row's newest state, and scores what waits of the rows whose turn it is. */
  async #look(
    watched: readonly WatchedRow[],
    rowOf: (context: LogitsContext) => { scored: Scored; waiting: Waiting },
    every: number,
  ): Promise<void> {
    const due: { scored: Scored; waiting: Waiting }[] = [];
    for (const { context, states } of watched) {
      const { tokens } = context;
      if (tokens.length === 0) continue; // the prompt's last token has been scored
      const row = rowOf(context);
      row.waiting.states.push(...states.map((state) => state.slice()));
      row.waiting.tokens.push(tokens.at(-1)!);
      if (tokens.length % every === 0) due.push(row);
    }
    if (due.length === 0) return;
    const states = joined(due.flatMap(({ waiting }) => waiting.states));
    const found = await this.#scorer.score(
      states,
      due.flatMap(({ waiting }) => waiting.tokens),
    );
    let at = 0;
    for (const { scored, waiting } of due) {
      for (const _ of waiting.tokens) scored.sum += found[at++]!;
      scored.count += waiting.tokens.length;
      waiting.states = [];
      waiting.tokens = [];
    }
  }

  #of({ sum, count }: Scored): number {
    const mean = sum / count;
    return this.#strength === 'inverse' ? 1 / mean : 1 - mean;
  }

  /** One pass over each sequence, with the adapter. */
  async #scoreAll(sequences: readonly (readonly number[])[]): Promise<Scored[]> {
    const { layers } = this.#guard.settings;
    const hooks = stateHooks(this.#model.config, layers);
    const d = this.#model.dModel;
    const found: Scored[] = [];
    for (const ids of sequences) {
      const { cache } = await this.#model.forward([ids], {
        adapter: this.#guard.adapter,
        capture: hooks,
        logits: [],
      });
      const states = new Float32Array(ids.length * layers * d);
      for (const [layer, hook] of hooks.entries()) {
        const { data } = cache.get(hook)!;
        for (let t = 0; t < ids.length; t++) {
          states.set(data.subarray(t * d, (t + 1) * d), (t * layers + layer) * d);
        }
      }
      const scored = await this.#scorer.score(states, ids);
      found.push({ sum: scored.reduce((a, b) => a + b, 0), count: ids.length });
    }
    return found;
  }
}

/** Tokens of one row that have not been scored, and their states, layer after layer. */
interface Waiting {
  states: Float32Array[];
  tokens: number[];
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const width = parts[0]!.length;
  const all = new Float32Array(parts.length * width);
  for (const [i, part] of parts.entries()) all.set(part, i * width);
  return all;
}

/** The prior's entries that are not 0, divided by the largest of them. */
function normalised(prior: Float32Array): (readonly [number, number])[] {
  const largest = prior.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return [...prior.entries()]
    .filter(([, value]) => value !== 0)
    .map(([id, value]) => [id, value / (largest + EPSILON)] as const);
}
