import { ensure } from '../../core/index.js';
import {
  distribution,
  type Follower,
  type GenerateOptions,
  type LogitsContext,
  type Model,
} from '../../engine/index.js';
import { adapterHash, ensureExpertFits } from './file.js';
import { coDecoded } from './mixture.js';

/**
 * What the base model's part in co-decoding is.
 *
 * - `warped`: what it would draw from alone, after temperature and top-p
 * - `published`: its logits as they are, at temperature 1 and without top-p: DeepGuard's port of CoSec, whose
 *   rejected drafts are replaced by what the base model says at temperature 1, whatever was asked for
 */
export const EXPERT_VARIANTS = ['warped', 'published'] as const;
export type ExpertVariant = (typeof EXPERT_VARIANTS)[number];

export interface CoSecGuideOptions {
  /** Of the base model, in `warped`; above 0. */
  temperature: number;
  /** Of the base model, in `warped`. Defaults to 1. */
  topP?: number;
  /** Defaults to `warped`. */
  variant?: ExpertVariant;
  /** The model that the adapter is for, where it is another; it stays the caller's to close. */
  expertModel?: Model;
  /** Share of the expert's probability that the base model's must exceed. Defaults to 0.3. */
  threshold?: number;
  /** Of the expert. Default to 0.1 and 0.95. */
  expertTemperature?: number;
  expertTopP?: number;
  /** Take an expert that was trained on another model than it is used with. Defaults to false. */
  force?: boolean;
}

/**
 * CoSec's co-decoding: at every step an expert drafts a token, and the base model has it or draws its own.
 * The expert takes in each row beside the base model, with keys and values of its own; which token comes is one draw
 * from the distribution that both steps have together (`coDecoded`).
 *
 * @example
 * const guide = CoSecGuide.open(model, 'runs/expert', { temperature: 0.4, topP: 0.95, expertModel: small });
 * const tokens = model.encode({ text: 'def login(name):' });
 * const { samples } = await model.generate({ tokens }, { ...guide.options(tokens), n: 5 });
 * await guide.close();
 */
export class CoSecGuide {
  readonly #model: Model;
  readonly #dir: string;
  readonly #options: CoSecGuideOptions &
    Required<Omit<CoSecGuideOptions, 'temperature' | 'expertModel'>>;
  readonly #followers: Follower[] = [];

  private constructor(model: Model, dir: string, options: CoSecGuideOptions) {
    this.#model = model;
    this.#dir = dir;
    this.#options = {
      topP: 1,
      variant: 'warped',
      threshold: 0.3,
      expertTemperature: 0.1,
      expertTopP: 0.95,
      force: false,
      ...options,
    };
  }

  /**
   * @param dir a PEFT folder, of `trainCoSec`
   * @throws {SutureError} BAD_ARGUMENT for a temperature of 0, where nothing is drawn, for a threshold below 0 or of 1 and more,
   *   or an expert with another tokenizer or fewer positions; BAD_ADAPTER, also for one that was trained on another model;
   *   NOT_FOUND
   */
  static open(model: Model, dir: string, options: CoSecGuideOptions): CoSecGuide {
    const guide = new CoSecGuide(model, dir, options);
    const { temperature, threshold, expertTemperature } = guide.#options;
    ensure(
      temperature > 0 && expertTemperature > 0,
      'BAD_ARGUMENT',
      'An expert drafts, and the model draws: give a temperature above 0.',
    );
    ensure(
      threshold >= 0 && threshold < 1,
      'BAD_ARGUMENT',
      `The threshold must be from 0 to below 1; got ${threshold}.`,
    );
    ensureAlike(model, guide.#expert);
    ensureExpertFits(dir, guide.#expert, guide.#options.force);
    guide.#expert.follow({ adapter: dir }); // throws where it does not fit
    return guide;
  }

  /** What a run that is written under it has to say of it: the hash of the adapter, and what else decides. */
  get record() {
    const { variant, threshold, expertTemperature, expertTopP, expertModel } = this.#options;
    return {
      hash: adapterHash(this.#dir),
      model: expertModel ? { id: expertModel.id, hash: expertModel.hash } : null,
      variant,
      threshold,
      temperature: expertTemperature,
      topP: expertTopP,
    };
  }

  /** What `generate` is to be given; nothing is warped after it. */
  options(): Pick<GenerateOptions, 'processors' | 'watch' | 'temperature' | 'topP' | 'topK'> {
    const { variant, threshold, expertTemperature, expertTopP } = this.#options;
    const { temperature, topP } = variant === 'published' ? UNWARPED : this.#options;
    const follower = this.#expert.follow({ adapter: this.#dir });
    this.#followers.push(follower);
    /** What the expert says of each row's next token. */
    const drafts = new Map<string, Float32Array>();
    return {
      ...UNWARPED,
      topK: 0,
      watch: {
        hooks: [],
        look: async (rows) => {
          const sequences = rows.map(({ context: { ids, tokens } }) => [...ids, ...tokens]);
          const logits = await follower.next(sequences);
          drafts.clear();
          for (const [i, { context }] of rows.entries()) drafts.set(keyOf(context), logits[i]!);
        },
      },
      processors: [
        (logits, context) => {
          const expert = distribution(drafts.get(keyOf(context))!, {
            temperature: expertTemperature,
            topP: expertTopP,
          });
          const mixed = coDecoded(distribution(logits, { temperature, topP }), expert, threshold);
          for (const [id, p] of mixed.entries()) logits[id] = Math.log(p);
        },
      ],
    };
  }

  /** Frees what the expert holds. */
  async close(): Promise<void> {
    for (const follower of this.#followers.splice(0)) await follower.free();
  }

  get #expert(): Model {
    return this.#options.expertModel ?? this.#model;
  }
}

const UNWARPED = { temperature: 1, topP: 1 } as const;

const keyOf = ({ prompt, sample }: LogitsContext): string => `${prompt}:${sample}`;

/** @throws {SutureError} BAD_ARGUMENT where the expert cannot read what the model writes */
function ensureAlike(model: Model, expert: Model): void {
  if (model === expert) return;
  ensure(
    expert.tokenizer && expert.tokenizer.hash === model.tokenizer?.hash,
    'BAD_ARGUMENT',
    `The expert ${expert.id} has another tokenizer than ${model.id}: their tokenizer.json must be the same file.`,
  );
  const [own, other] = [model.config, expert.config];
  ensure(
    other.rope || (!own.rope && own.maxPositions <= other.maxPositions),
    'BAD_ARGUMENT',
    `The expert ${expert.id} has embeddings for ${other.maxPositions} positions: ${model.id} may write beyond them.`,
  );
}
