import { ensure, Random } from '../core/index.js';
import type { ModelConfig } from '../models/index.js';
import { IncrementalDecoder, StopMatcher, type TextCodec } from '../text/index.js';
import type { Row } from './flights.js';
import { type Gate, gateHook } from './gate.js';
import { type CompiledPlan, editsByPrompt, type Intervention } from './interventions.js';
import {
  type LogitsOptions,
  type LogitsProcessor,
  logitsProcessors,
  logprobOf,
  type TokenLogprob,
} from './logits.js';
import { checkSampling, type SamplingOptions, sample } from './sampling.js';

export interface CompletionOptions extends SamplingOptions, LogitsOptions {
  /** Defaults to 128. */
  maxNewTokens?: number;
  /** Samples per prompt. Defaults to 1. */
  n?: number;
  /** The same seed gives the same samples for a prompt, whatever else is in the batch. Defaults to 0. */
  seed?: number;
  /** Texts that end a completion; they are not part of it. Defaults to none. */
  stop?: readonly string[];
  /** Token ids that end a completion. Defaults to the model's end-of-sequence tokens. */
  eosIds?: readonly number[];
  /** Log-probabilities of the chosen and of so many of the most probable tokens. Defaults to none. */
  logprobs?: number;
  /** Edits of what is at hook points; `rows` name prompts of the batch. Defaults to none. */
  interventions?: readonly Intervention[];
  /**
   * Decides for each completion which of the interventions act. Where it chooses none, the tokens are
   * those of a call without any. Defaults to none: all act.
   */
  gate?: Gate;
  /** Called with every piece of text as it becomes certain. */
  onText?: (piece: Piece) => void;
  /** Called with every completion as soon as it is finished. */
  onSample?: (sample: Sample) => void;
  /** Samples that are not needed, as when a run is resumed: the others come out the same. */
  skip?: (prompt: number, sample: number) => boolean;
  /** Ends the generation with an INTERRUPTED error. */
  signal?: AbortSignal;
}

/** Text of one completion that has become certain. */
export interface Piece {
  /** Index of the prompt in the request, and which of its samples this is. */
  prompt: number;
  sample: number;
  text: string;
  /** Of the tokens since the last piece, where they were asked for. */
  logprobs?: TokenLogprob[];
}

export interface Sample {
  /** Index of the prompt in the request, and which of its samples this is. */
  prompt: number;
  sample: number;
  /** The generated ids, an end-of-sequence token included where there was one. */
  tokens: number[];
  /** Their text, without special tokens and stop text; empty where the model has no tokenizer. */
  text: string;
  /** `eos`: end-of-sequence token; `stop`: a stop text; `length`: maxNewTokens reached. */
  finishReason: 'eos' | 'stop' | 'length';
  /** For each of `tokens`, where they were asked for. */
  logprobs?: TokenLogprob[];
}

/** What one call asks for: its rows, how their tokens are chosen, and who is told of them. */
export class Completions {
  /** In the order (prompt, sample), without those that are skipped. */
  readonly rows: readonly Row[];
  /** What a gate reads. */
  readonly hooks: readonly string[];
  readonly #options: CompletionOptions & { eosIds: readonly number[] };
  readonly #firstPrompt: number;
  readonly #processors: readonly LogitsProcessor[];
  /** Of each prompt the interventions that end with the text. */
  readonly #ending: ReturnType<typeof editsByPrompt>;
  #finished = 0;

  /**
   * @param prompts token ids, each at least one token
   * @param plan of the call's interventions alone
   * @param firstPrompt the number of the first prompt among all that are decoded together
   * @throws {SutureError} BAD_ARGUMENT
   */
  constructor(
    prompts: readonly (readonly number[])[],
    options: CompletionOptions & { eosIds: readonly number[] },
    codec: TextCodec | undefined,
    plan: CompiledPlan,
    config: ModelConfig,
    firstPrompt = 0,
  ) {
    const { n = 1, maxNewTokens = 128, stop = [], logprobs, gate, interventions = [] } = options;
    checkSampling(options);
    checkCounts({ n, maxNewTokens, ...(gate?.every !== undefined && { every: gate.every }) });
    ensure(
      stop.length === 0 || codec,
      'BAD_ARGUMENT',
      'Stop texts need a tokenizer, and this model folder has none.',
    );
    for (const [i, ids] of prompts.entries()) checkPrompt(ids, i, config);
    ensure(
      logprobs === undefined || (Number.isInteger(logprobs) && logprobs >= 0),
      'BAD_ARGUMENT',
      `logprobs must be a whole number, 0 or more; got ${logprobs}.`,
    );
    const hook = gate && gateHook(gate, plan, prompts, config);
    this.hooks = hook === undefined ? [] : [hook];
    const rowGate =
      hook === undefined ? undefined : { hook, every: gate?.every, edits: interventions };
    const ending = interventions.filter(({ until }) => until !== undefined);
    this.#ending = editsByPrompt(ending);
    ensure(
      ending.length === 0 || codec,
      'BAD_ARGUMENT',
      'An intervention that ends with the text ("until") needs a tokenizer, and this model folder has none.',
    );
    this.#options = options;
    this.#firstPrompt = firstPrompt;
    this.#processors = logitsProcessors(options, config.vocabSize);
    this.rows = prompts.flatMap((ids, prompt) =>
      [...Array(n).keys()]
        .filter((index) => !options.skip?.(prompt, index))
        .map(
          (index): Row => ({
            prompt: firstPrompt + prompt,
            sample: index,
            ids,
            tokens: [],
            text: '',
            logprobs: [],
            random: new Random(options.seed ?? 0, 'sample', ids.join(), index),
            decoder: codec && new IncrementalDecoder(codec, { skipSpecialTokens: true }),
            stop: stop.length > 0 ? new StopMatcher(stop) : undefined,
            ended: new Map(),
            gate: rowGate,
            off: new Set(),
            told: 0,
            finishReason: undefined,
            // Learned positions end; rotary ones do not.
            room: config.rope
              ? maxNewTokens
              : Math.min(maxNewTokens, config.maxPositions - ids.length + 1),
          }),
        ),
    );
  }

  /** How many rows are finished. */
  get finished(): number {
    return this.#finished;
  }

  /** Takes in the logits [vocab] after a row's last token: adds a token, and may finish the row. */
  next(row: Row, logits: Float32Array): void {
    const { logprobs } = this.#options;
    // Processors change the logits, and log-probabilities are those of the model.
    const own = logprobs !== undefined && this.#processors.length > 0 ? logits.slice() : logits;
    const { prompt, sample: index } = this.#place(row);
    const { ids, tokens } = row;
    for (const process of this.#processors) process(logits, { ids, tokens, prompt, sample: index });
    const token = sample(logits, this.#options, row.random);
    if (logprobs !== undefined) row.logprobs.push(logprobOf(own, token, logprobs));
    this.#accept(row, token);
    for (const edit of this.#ending(row.prompt)) {
      if (row.ended.has(edit) || !edit.until!.some((text) => row.text.includes(text))) continue;
      row.ended.set(edit, row.ids.length + row.tokens.length - 1);
    }
    if (!row.finishReason) return;
    this.#finished++;
    this.#options.onSample?.(this.#sampleOf(row));
  }

  /** Asks the gate about a row, by the state [d_model] at its last token. */
  ask(row: Row, state: Float32Array): void {
    const { gate, interventions = [] } = this.#options;
    const chosen = gate!.choose(state, { ...this.#place(row), tokens: row.tokens.length });
    const wrong = chosen.find((index) => !interventions[index]);
    ensure(
      wrong === undefined,
      'BAD_ARGUMENT',
      `The gate chose intervention ${wrong}; the call has ${interventions.length}.`,
    );
    row.off = new Set(interventions.filter((_, index) => !chosen.includes(index)));
  }

  /** All that is finished, in the order of the rows. */
  samples(): Sample[] {
    return this.rows.filter(({ finishReason }) => finishReason).map((row) => this.#sampleOf(row));
  }

  #place = ({ prompt, sample }: Row) => ({ prompt: prompt - this.#firstPrompt, sample });

  #sampleOf(row: Row): Sample {
    const { tokens, text, finishReason, logprobs } = row;
    return {
      ...this.#place(row),
      tokens,
      text,
      finishReason: finishReason as Sample['finishReason'],
      ...(this.#options.logprobs !== undefined && { logprobs }),
    };
  }

  #accept(row: Row, token: number): void {
    const { eosIds, onText, logprobs } = this.#options;
    row.tokens.push(token);
    const ended = eosIds.includes(token);
    const full = row.tokens.length >= row.room;
    let piece = ended ? '' : (row.decoder?.push(token) ?? '');
    if (ended || full) piece += row.decoder?.flush() ?? '';
    let stopped = false;
    if (row.stop) {
      ({ emit: piece, stopped } = row.stop.push(piece));
      if (!stopped && (ended || full)) piece += row.stop.flush();
    }
    if (piece !== '') {
      row.text += piece;
      const told = logprobs !== undefined && { logprobs: row.logprobs.slice(row.told) };
      row.told = row.tokens.length;
      onText?.({ ...this.#place(row), text: piece, ...told });
    }
    if (stopped) row.finishReason = 'stop';
    else if (ended) row.finishReason = 'eos';
    else if (full) row.finishReason = 'length';
  }
}

/** @throws {SutureError} BAD_ARGUMENT for what is no whole number above 0 */
export function checkCounts(counts: Record<string, number>): void {
  for (const [name, value] of Object.entries(counts)) {
    ensure(
      Number.isInteger(value) && value > 0,
      'BAD_ARGUMENT',
      `${name} must be a whole number above 0; got ${value}.`,
    );
  }
}

/** @throws {SutureError} BAD_ARGUMENT for a prompt that the model cannot take in */
export function checkPrompt(ids: readonly number[], index: number, config: ModelConfig): void {
  const { vocabSize, maxPositions, rope } = config;
  ensure(ids.length > 0, 'BAD_ARGUMENT', `Prompt ${index} has no tokens.`);
  const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  ensure(
    wrong === undefined,
    'BAD_ARGUMENT',
    `Prompt ${index} has the token id ${wrong}; this model's vocabulary is 0 to ${vocabSize - 1}.`,
  );
  ensure(
    rope || ids.length <= maxPositions,
    'BAD_ARGUMENT',
    `Prompt ${index} has ${ids.length} tokens; this model has embeddings for ${maxPositions} positions.`,
  );
}
