import { ensure } from '../../core/index.js';
import {
  type GenerateOptions,
  type LogitsContext,
  largest,
  type Model,
  type WatchedRow,
} from '../../engine/index.js';
import { biases } from './calibrate.js';
import { type ContextualFile, openContextual } from './file.js';
import { ContextualScorer } from './scorer.js';
import { CandidateScores, type Look, type Scores } from './scores.js';

export interface ContextualGuideOptions {
  /** What candidates' scores are multiplied by. Defaults to what the guard was trained to. */
  strength?: number;
  /** The probability of a decision above which the guard acts. Defaults to what it was calibrated to. */
  threshold?: number;
  /** What of a candidate's score counts: how it fits the context, and how often it was secure. Defaults to both. */
  scores?: Scores;
  /** Whether the model is adapted as it was trained to be. Defaults to true. */
  adapted?: boolean;
  /** Use the guard with a model that it was not made for. Defaults to false. */
  force?: boolean;
  /** Of the scorer. Defaults to 1. */
  threads?: number;
}

/**
 * Guided decoding that depends on the context. At every token the analyser reads the hidden states that decoding
 * has computed, and says how likely it is that secure and insecure code part here. Where that is above the threshold, the
 * most probable tokens are weighed against each other: each gains or loses by how much more secure it is than they are on
 * average. Anywhere else nothing is changed, to the bit.
 *
 * @example
 * const guide = await ContextualGuide.open(model, 'runs/guard');
 * const tokens = model.encode({ text: 'def login(name):' });
 * const { samples } = await model.generate({ tokens }, { ...(await guide.options(tokens)), n: 5 });
 * await guide.close();
 */
export class ContextualGuide {
  readonly #guard: ContextualFile;
  readonly #scorer: ContextualScorer;
  readonly #strength: number;
  readonly #threshold: number;
  readonly #scores: Scores;
  readonly #scoreOf: CandidateScores;
  readonly #adapted: boolean;
  readonly #activity = { tokens: 0, acted: 0 };

  private constructor(
    guard: ContextualFile,
    scorer: ContextualScorer,
    options: ContextualGuideOptions,
  ) {
    const { settings, shape, parameters, keys, priors } = guard;
    this.#guard = guard;
    this.#scorer = scorer;
    this.#strength = options.strength ?? settings.strength;
    this.#threshold = options.threshold ?? settings.threshold;
    this.#scores = options.scores ?? 'both';
    this.#adapted = options.adapted ?? true;
    this.#scoreOf = new CandidateScores(shape, parameters, keys, priors, this.#scores);
  }

  /** @throws {SutureError} as `openContextual`; BAD_ARGUMENT */
  static async open(
    model: Model,
    dir: string,
    options: ContextualGuideOptions = {},
  ): Promise<ContextualGuide> {
    const { strength, threshold, force = false, threads = 1 } = options;
    ensure(
      strength === undefined || (strength >= 0 && Number.isFinite(strength)),
      'BAD_ARGUMENT',
      `The strength must be a number, 0 or more; got ${strength}.`,
    );
    ensure(
      threshold === undefined || (threshold >= 0 && threshold <= 1),
      'BAD_ARGUMENT',
      `The threshold is a probability, from 0 to 1; got ${threshold}.`,
    );
    const guard = openContextual(dir, model, { force });
    const scorer = await ContextualScorer.create(guard.shape, guard.parameters, { threads });
    return new ContextualGuide(guard, scorer, options);
  }

  /** What a run that is written under it has to say of it. */
  get record() {
    return {
      method: 'contextual',
      hash: this.#guard.hash,
      adapterHash: this.#guard.metadata.adapter_hash ?? null,
      strength: this.#strength,
      threshold: this.#threshold,
      scores: this.#scores,
      adapted: this.#adapted,
    };
  }

  /** Tokens that were written under it so far, and before how many of them it acted. */
  get activity(): { tokens: number; acted: number } {
    return { ...this.#activity };
  }

  /**
   * What `generate` is to be given beside these prompts.
   * @param _prompts token ids; what is to be known of them is read while they are
   */
  async options(
    _prompts: readonly (readonly number[])[] = [],
  ): Promise<Pick<GenerateOptions, 'adapter' | 'processors' | 'watch'>> {
    const looks = new Map<string, Look>();
    const { adapter, settings } = this.#guard;
    return {
      ...(adapter !== undefined && this.#adapted && { adapter }),
      watch: {
        hooks: settings.hooks,
        look: (rows) => this.#look(rows, looks),
      },
      processors: [
        (logits, context) => {
          this.#activity.tokens++;
          const look = looks.get(keyOf(context))!;
          if (look.risk <= this.#threshold) return;
          this.#activity.acted++;
          const ids = largest(logits, settings.candidates);
          const scores = ids.map((id) => this.#scoreOf.of(look, id));
          const own = ids.map((id) => logits[id]!);
          for (const [i, bias] of biases(scores, own, this.#strength).entries()) {
            logits[ids[i]!]! += bias;
          }
        },
      ],
    };
  }

  async close(): Promise<void> {
    await this.#scorer.close();
  }

  async #look(rows: readonly WatchedRow[], looks: Map<string, Look>): Promise<void> {
    const { layers, dModel, classes, width } = this.#guard.shape;
    const states = new Float32Array(rows.length * layers * dModel);
    for (const [i, row] of rows.entries()) {
      for (const [layer, state] of row.states.entries()) {
        states.set(state, (i * layers + layer) * dModel);
      }
    }
    const read = await this.#scorer.read(states);
    for (const [i, { context }] of rows.entries()) {
      const own = read.classes.subarray(i * classes, (i + 1) * classes);
      const query = read.query.subarray(i * width, (i + 1) * width);
      looks.set(keyOf(context), { risk: 1 - own[0]!, classes: own, query });
    }
  }
}

const keyOf = ({ prompt, sample }: LogitsContext): string => `${prompt}:${sample}`;
