import { ensure } from '../core/index.js';
import { largest } from './sampling.js';

/** Where a row stands when its next token is chosen. */
export interface LogitsContext {
  /** The prompt's token ids. */
  ids: readonly number[];
  /** What has been generated so far. */
  tokens: readonly number[];
  /** Index of the prompt in the request, and which of its samples this is. */
  prompt: number;
  sample: number;
}

/**
 * Changes a row's logits [vocab] in place before its next token is drawn: a bias, a constraint, a
 * guide. `-Infinity` forbids a token; at least one must be left.
 *
 * @example
 * // Never a semicolon.
 * const id = model.tokenizer.encode(';', { addSpecialTokens: false })[0];
 * await model.generate(prompts, { processors: [(logits) => { logits[id] = -Infinity; }] });
 */
export type LogitsProcessor = (logits: Float32Array, context: LogitsContext) => void;

/** A row that goes on, and what the model computed for its last token. */
export interface WatchedRow {
  context: LogitsContext;
  /** By the watch's hooks, in their order: [d_model] each; overwritten by the next step. */
  states: readonly Float32Array[];
}

/** Looks on while rows are decoded, before logits processors act. */
export interface Watch {
  /** Hook points of the residual stream, or `ln_final.hook_normalized`. */
  hooks: readonly string[];
  /** Called at every step with the rows whose next token is to be chosen; awaited. */
  look(rows: readonly WatchedRow[]): void | Promise<void>;
}

export interface LogitsOptions {
  /** Added to the logits of these token ids; -Infinity forbids one. Defaults to none. */
  logitBias?: Readonly<Record<number, number>>;
  /**
   * Logits of tokens in the prompt or the completion are divided by it where positive and
   * multiplied where negative (Keskar et al. 2019). Defaults to 1: off.
   */
  repetitionPenalty?: number;
  /** Taken from the logit of a token for each time it was generated. Defaults to 0. */
  frequencyPenalty?: number;
  /** Taken from the logit of a token that was generated. Defaults to 0. */
  presencePenalty?: number;
  /** No sequence of so many tokens comes twice. Defaults to 0: off. */
  noRepeatNgram?: number;
  /** Run after these, in order. Defaults to none. */
  processors?: readonly LogitsProcessor[];
}

/**
 * All processors that the options ask for, in the order in which they act.
 * @throws {SutureError} BAD_ARGUMENT
 */
export function logitsProcessors(options: LogitsOptions, vocabSize: number): LogitsProcessor[] {
  const {
    logitBias = {},
    repetitionPenalty = 1,
    frequencyPenalty = 0,
    presencePenalty = 0,
    noRepeatNgram = 0,
    processors = [],
  } = options;
  const bias = Object.entries(logitBias).map(([id, value]) => [Number(id), value] as const);
  for (const [id, value] of bias) {
    ensure(
      Number.isInteger(id) && id >= 0 && id < vocabSize,
      'BAD_ARGUMENT',
      `logitBias: there is no token ${id}; this model's vocabulary is 0 to ${vocabSize - 1}.`,
    );
    ensure(
      value < Number.POSITIVE_INFINITY,
      'BAD_ARGUMENT',
      `logitBias: the bias of token ${id} is ${value}; it must be a number or -Infinity.`,
    );
  }
  const say = (name: string, must: string, value: number) =>
    `${name} must be ${must}; got ${value}.`;
  ensure(
    repetitionPenalty > 0 && Number.isFinite(repetitionPenalty),
    'BAD_ARGUMENT',
    say('repetitionPenalty', 'above 0', repetitionPenalty),
  );
  for (const [name, value] of Object.entries({ frequencyPenalty, presencePenalty }))
    ensure(Number.isFinite(value), 'BAD_ARGUMENT', say(name, 'a number', value));
  ensure(
    Number.isInteger(noRepeatNgram) && noRepeatNgram >= 0,
    'BAD_ARGUMENT',
    say('noRepeatNgram', 'a whole number, 0 or more', noRepeatNgram),
  );
  return [
    ...(bias.length > 0 ? [addBias(bias)] : []),
    ...(repetitionPenalty !== 1 ? [penaliseRepetition(repetitionPenalty)] : []),
    ...(frequencyPenalty !== 0 || presencePenalty !== 0
      ? [penaliseUse(frequencyPenalty, presencePenalty)]
      : []),
    ...(noRepeatNgram > 0 ? [forbidRepeats(noRepeatNgram)] : []),
    ...processors,
  ];
}

function addBias(bias: readonly (readonly [number, number])[]): LogitsProcessor {
  return (logits) => {
    for (const [id, value] of bias) logits[id]! += value;
  };
}

function penaliseRepetition(penalty: number): LogitsProcessor {
  return (logits, { ids, tokens }) => {
    for (const id of new Set([...ids, ...tokens])) {
      const logit = logits[id]!;
      logits[id] = logit > 0 ? logit / penalty : logit * penalty;
    }
  };
}

function penaliseUse(frequency: number, presence: number): LogitsProcessor {
  return (logits, { tokens }) => {
    for (const id of new Set(tokens)) logits[id]! -= presence;
    for (const id of tokens) logits[id]! -= frequency;
  };
}

/** Forbids every token that would complete a sequence of `n` tokens that was there before. */
function forbidRepeats(n: number): LogitsProcessor {
  return (logits, { ids, tokens }) => {
    const all = [...ids, ...tokens];
    const end = all.length - (n - 1); // where the sequence that is to be completed begins
    for (let start = 0; start + n <= all.length; start++) {
      let same = true;
      for (let i = 0; i < n - 1 && same; i++) same = all[start + i] === all[end + i];
      if (same) logits[all[start + n - 1]!] = Number.NEGATIVE_INFINITY;
    }
  };
}

/** One generated token's log-probability, by the model itself: before bias, penalties and temperature. */
export interface TokenLogprob {
  token: number;
  logprob: number;
  /** The most probable tokens at this place, the best first. */
  top: { token: number; logprob: number }[];
}

/**
 * Log-probability of a token under a row's logits [vocab], and of the `count` most probable ones.
 */
export function logprobOf(logits: Float32Array, token: number, count: number): TokenLogprob {
  let max = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > max) max = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - max);
  const norm = max + Math.log(sum);
  const top = largest(logits, count).map((id) => ({ token: id, logprob: logits[id]! - norm }));
  return { token, logprob: logits[token]! - norm, top };
}
