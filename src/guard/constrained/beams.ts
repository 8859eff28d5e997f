import { ensure, groupBy, Random, SutureError } from '../../core/index.js';
import {
  checkCounts,
  checkSampling,
  type Follower,
  largest,
  type Model,
} from '../../engine/index.js';
import { Phrase, Vocabulary } from './phrases.js';

export interface ConstrainedOptions {
  /** Texts that each completion must have in it. Defaults to none. */
  require?: readonly string[];
  /** Texts that none may have in it, nor complete where the prompt begins them. Defaults to none. */
  forbid?: readonly string[];
  /** Completions that are to satisfy this. Defaults to 1. */
  n?: number;
  /** Kept side by side. Defaults to 25. */
  beams?: number;
  /** Searches, if the earlier ones did not yield enough. Defaults to 10. */
  tries?: number;
  /** Defaults to 128. */
  maxNewTokens?: number;
  /** 0 takes the most probable candidates in place of draws. Defaults to 1. */
  temperature?: number;
  /** Defaults to 1. */
  topP?: number;
  /** Defaults to 0. */
  seed?: number;
  /** Texts that end a completion; they are not part of it. Defaults to none. */
  stop?: readonly string[];
  /**
   * What of a completion counts, and whether that is whole: then it ends. Asked at the ends of lines, where what
   * counts can be told from what is still being written. Defaults to all of it.
   */
  cut?: (text: string) => { text: string; complete: boolean };
  /** Token ids that end a completion. Defaults to the model's end-of-sequence tokens. */
  eosIds?: readonly number[];
  /** A PEFT folder. Defaults to none. */
  adapter?: string;
  /** Called after each step of a search. */
  onStep?: (tokens: number, search: number) => void;
  /** Ends the search with an INTERRUPTED error. */
  signal?: AbortSignal;
}

export interface ConstrainedSample {
  tokens: number[];
  text: string;
  finishReason: 'eos' | 'stop' | 'length';
  /** By the model itself: before temperature, and with what was forced. */
  logprob: number;
  /** Whether all that is required is in the text, and nothing that is forbidden. */
  satisfied: boolean;
  /** What is required and not there. */
  missing: string[];
}

export interface ConstrainedCompletions {
  /** `n`, if so many were found: those that satisfy the constraints first. */
  samples: ConstrainedSample[];
  /** How many of them do. */
  satisfied: number;
  /** Searches that were made. */
  tries: number;
}

/** What is done where nothing else is said. */
export const CONSTRAINED = {
  require: [],
  forbid: [],
  n: 1,
  beams: 25,
  tries: 10,
  maxNewTokens: 128,
  temperature: 1,
  topP: 1,
  seed: 0,
  stop: [],
} as const;
type Complete = ConstrainedOptions & Required<Pick<ConstrainedOptions, keyof typeof CONSTRAINED>>;

/** Of each beam so many of the most probable tokens are candidates, as Hugging Face's sampling has it. */
const TOP_K = 50;
/** And so many whatever top-p says, as there: where a model is sure of something insecure, another way stays open. */
const LEAST = 2;
/** Completions that are taken from one search (CodeGuard+'s code). */
const OF_ONE_SEARCH = 10;

/** One beginning of a completion. */
interface Beam {
  tokens: readonly number[];
  logprob: number;
  /** States of the required phrases and of the forbidden ones. */
  required: readonly number[];
  forbidden: readonly number[];
}

/**
 * CodeGuard+'s constrained beam sampling (Fu et al. 2024): completions that have some texts in them, and others not.
 * It is told the answer, so what it yields says what a model could write, not what it would.
 *
 * - What is forbidden is a matter of text: every token that would complete a phrase is ruled out, however the phrase is
 *   cut into tokens.
 * - Candidates are drawn from all beams at once, without replacement, twice as many as there are beams; to them comes for every beam the token that
 *   goes on with a required phrase that has begun, or begins one.
 * - Beams are kept from banks in turn, by how far they are with what is required, of each the most probable first.
 * - A completion ends only when it has all that is required, or is as long as may be; then it is marked.
 *
 * @param ids the prompt's token ids
 * @throws {SutureError} BAD_ARGUMENT where nothing is constrained, a phrase is empty, or a required one has a forbidden one
 *   in it; INTERRUPTED
 * @example
 * const [ids] = model.encode({ text: 'void copy(char *dst, const char *src) {' });
 * const { samples, satisfied } = await constrained(model, ids, { require: ['snprintf'], forbid: ['strcpy', 'strcat'] });
 */
export async function constrained(
  model: Model,
  ids: readonly number[],
  options: ConstrainedOptions,
): Promise<ConstrainedCompletions> {
  const complete = { ...CONSTRAINED, ...options };
  const { n, tries, beams, maxNewTokens, temperature, seed } = complete;
  checkSampling(complete);
  checkCounts({ n, tries, beams, maxNewTokens });
  const search = new Search(model, ids, complete);
  const good: ConstrainedSample[] = [];
  const marked: ConstrainedSample[] = [];
  let made = 0;
  const most = temperature > 0 ? tries : 1; // without draws they are all alike
  while (made < most && good.length < n) {
    const found = await search.run(new Random(seed, 'constrained', ids.join(), made), made);
    made++;
    good.push(...found.filter(({ satisfied }) => satisfied).slice(0, OF_ONE_SEARCH));
    marked.push(...found.filter(({ satisfied }) => !satisfied));
  }
  const samples = [...good, ...marked].slice(0, n);
  return { samples, satisfied: Math.min(n, good.length), tries: made };
}

class Search {
  readonly #model: Model;
  readonly #ids: readonly number[];
  readonly #options: Complete;
  readonly #vocabulary: Vocabulary;
  readonly #required: readonly Phrase[];
  readonly #forbidden: readonly Phrase[];
  readonly #eosIds: readonly number[];
  readonly #room: number;

  constructor(model: Model, ids: readonly number[], options: Complete) {
    const { require, forbid, maxNewTokens } = options;
    const { tokenizer, config } = model;
    ensure(
      tokenizer,
      'BAD_ARGUMENT',
      `${model.id} has no tokenizer.json: phrases are a matter of text.`,
    );
    ensure(
      require.length + forbid.length > 0,
      'BAD_ARGUMENT',
      'Nothing is required or forbidden: give a phrase.',
    );
    for (const wanted of require) {
      const banned = forbid.find((phrase) => wanted.includes(phrase));
      ensure(
        banned === undefined,
        'BAD_ARGUMENT',
        `${JSON.stringify(wanted)} is required and has ${JSON.stringify(banned)} in it, which is forbidden.`,
      );
    }
    this.#model = model;
    this.#ids = ids;
    this.#options = options;
    this.#vocabulary = new Vocabulary(tokenizer, config.vocabSize);
    this.#required = require.map((text) => new Phrase(text, this.#vocabulary));
    this.#forbidden = forbid.map((text) => new Phrase(text, this.#vocabulary));
    this.#eosIds = options.eosIds ?? model.endIds({ tokens: [] });
    this.#room = config.rope
      ? maxNewTokens
      : Math.min(maxNewTokens, config.maxPositions - ids.length + 1);
  }

  /** One search. @returns what it finished, the best first: by log-probability of a token */
  async run(random: Random, search: number): Promise<ConstrainedSample[]> {
    const { adapter, beams, signal, onStep } = this.#options;
    const follower = this.#model.follow({ adapter });
    const finished: ConstrainedSample[] = [];
    let live: Beam[] = [this.#first()];
    try {
      while (live.length > 0 && finished.filter(({ satisfied }) => satisfied).length < beams) {
        if (signal?.aborted)
          throw new SutureError('INTERRUPTED', 'Interrupted.', { cause: signal.reason });
        const children = kept(await this.#children(live, follower, random), beams, (beam) =>
          this.#bank(beam),
        );
        live = [];
        for (const child of children) {
          const ended = this.#ended(child);
          if (ended) finished.push(ended);
          else live.push(child);
        }
        onStep?.(children[0]?.tokens.length ?? 0, search);
      }
    } finally {
      await follower.free();
    }
    const rank = ({ logprob, tokens }: ConstrainedSample) => logprob / tokens.length;
    return finished.sort((a, b) => rank(b) - rank(a));
  }

  #first(): Beam {
    const before = this.#vocabulary.codec.decode(this.#ids);
    // What the prompt has itself is its own affair: only what it leaves begun counts.
    const begun = (phrase: Phrase) => {
      const end = before.slice(Math.max(0, before.length - phrase.length + 1));
      return phrase.after(0, end);
    };
    return {
      tokens: [],
      logprob: 0,
      required: this.#required.map(() => 0),
      forbidden: this.#forbidden.map(begun),
    };
  }

  /** Draws of what goes on with the beams, and all that goes on with what is required. */
  async #children(live: readonly Beam[], follower: Follower, random: Random): Promise<Beam[]> {
    const { beams, temperature, topP } = this.#options;
    const rows = await follower.next(live.map(({ tokens }) => [...this.#ids, ...tokens]));
    const forced: { at: number; id: number; logprob: number }[] = [];
    const candidates: ((typeof forced)[number] & { key: number })[] = [];
    for (const [at, beam] of live.entries()) {
      const logits = rows[at]!;
      const norm = logSum(logits);
      const candidate = (id: number) => ({ at, id, logprob: beam.logprob + logits[id]! - norm });
      for (const id of this.#ruledOut(beam)) logits[id] = Number.NEGATIVE_INFINITY;
      const isAllowed = (id: number) => logits[id]! > Number.NEGATIVE_INFINITY;
      const best = largest(logits, TOP_K).filter(isAllowed);
      if (temperature > 0) {
        for (const [id, logprob] of warped(logits, best, { temperature, topP })) {
          // The largest of such sums are draws without replacement (Gumbel-top-k, Kool et al. 2019).
          const key = beam.logprob + logprob - Math.log(-Math.log(random.float()));
          candidates.push({ ...candidate(id), key });
        }
      } else {
        for (const id of best) candidates.push({ ...candidate(id), key: candidate(id).logprob });
      }
      for (const id of this.#goingOn(beam)) if (isAllowed(id)) forced.push(candidate(id));
    }
    candidates.sort((a, b) => b.key - a.key);
    const chosen = [...candidates.slice(0, 2 * beams), ...forced];
    const distinct = new Map(chosen.map((one) => [`${one.at}:${one.id}`, one]));
    return [...distinct.values()].map(({ at, id, logprob }) => this.#child(live[at]!, id, logprob));
  }

  /** What would complete a forbidden phrase, or end a completion that lacks something. */
  #ruledOut({ required, forbidden }: Beam): number[] {
    const banned = this.#forbidden.flatMap((phrase, i) => phrase.completing(forbidden[i]!));
    const whole = this.#required.every((phrase, i) => required[i] === phrase.length);
    return whole ? banned : [...banned, ...this.#eosIds];
  }

  /** What goes on with the required phrase that is furthest, or begins one. */
  #goingOn({ required }: Beam): number[] {
    const pending = this.#required.flatMap((phrase, i) =>
      required[i] === phrase.length ? [] : [{ phrase, state: required[i]! }],
    );
    const furthest = Math.max(0, ...pending.map(({ state }) => state));
    return pending
      .filter(({ state }) => state === furthest)
      .flatMap(({ phrase, state }) => phrase.next(state) ?? []);
  }

  #child(beam: Beam, id: number, logprob: number): Beam {
    const after = (phrases: readonly Phrase[], states: readonly number[]) =>
      phrases.map((phrase, i) => phrase.afterToken(states[i]!, id));
    return {
      tokens: [...beam.tokens, id],
      logprob,
      required: after(this.#required, beam.required),
      forbidden: after(this.#forbidden, beam.forbidden),
    };
  }

  /** How far a beam is: characters of what is there, and of the phrase that is furthest. */
  #bank({ required }: Beam): number {
    const whole = this.#required.filter((phrase, i) => required[i] === phrase.length);
    const begun = required.filter((state, i) => state < this.#required[i]!.length);
    return whole.reduce((sum, { length }) => sum + length, 0) + Math.max(0, ...begun);
  }

  /** A completion, where the beam is one. */
  #ended({ tokens, logprob }: Beam): ConstrainedSample | undefined {
    const { stop, cut, require, forbid } = this.#options;
    const whole = this.#vocabulary.codec.decode(tokens, { skipSpecialTokens: true });
    const stops = stop.map((text) => whole.indexOf(text)).filter((at) => at >= 0);
    let finishReason: ConstrainedSample['finishReason'] | undefined;
    if (stops.length > 0) finishReason = 'stop';
    else if (this.#eosIds.includes(tokens.at(-1)!)) finishReason = 'eos';
    else if (cut && this.#isDone(whole, tokens.at(-1)!, cut)) finishReason = 'stop';
    else if (tokens.length >= this.#room) finishReason = 'length';
    if (!finishReason) return undefined;
    const text = whole.slice(0, Math.min(whole.length, ...stops));
    const counted = cut ? cut(text).text : text;
    const missing = require.filter((phrase) => !counted.includes(phrase));
    const satisfied = missing.length === 0 && !forbid.some((phrase) => counted.includes(phrase));
    return { tokens: [...tokens], text, finishReason, logprob, satisfied, missing };
  }

  /** Whether what counts is whole in the lines that the last token has ended. */
  #isDone(text: string, last: number, cut: NonNullable<ConstrainedOptions['cut']>): boolean {
    if (!this.#vocabulary.pieces[last]!.includes('\n')) return false;
    return cut(text.slice(0, text.lastIndexOf('\n') + 1)).complete;
  }
}

/**
 * Log-probabilities at a temperature of those of the given tokens that reach top-p, and of the first two in any case.
 *
 * @param best ids, the most probable first
 */
function warped(
  logits: Float32Array,
  best: readonly number[],
  { temperature, topP }: { temperature: number; topP: number },
): [id: number, logprob: number][] {
  const scaled = best.map((id) => logits[id]! / temperature);
  const norm = logSum(scaled);
  let reached = 0;
  return best.flatMap((id, rank): [number, number][] => {
    if (rank >= LEAST && reached >= topP) return [];
    const logprob = scaled[rank]! - norm;
    reached += Math.exp(logprob);
    return [[id, logprob]];
  });
}

/** The logarithm of what a softmax divides by. */
function logSum(logits: Iterable<number>): number {
  let top = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > top) top = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - top);
  return top + Math.log(sum);
}

/** From banks in turn, the highest first, of each the most probable first. */
function kept(beams: readonly Beam[], count: number, bankOf: (beam: Beam) => number): Beam[] {
  const banks = [...groupBy(beams, bankOf)]
    .sort(([a], [b]) => b - a)
    .map(([, own]) => own.sort((a, b) => b.logprob - a.logprob));
  const chosen: Beam[] = [];
  for (let rank = 0; chosen.length < Math.min(count, beams.length); rank++)
    chosen.push(...banks.flatMap((bank) => bank[rank] ?? []));
  return chosen.slice(0, count);
}
