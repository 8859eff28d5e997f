import { ensure, Random } from '../core/index.js';
import type { ModelConfig } from '../models/index.js';
import { IncrementalDecoder, StopMatcher, type TextCodec } from '../text/index.js';
import type { Adapter } from './adapter.js';
import { type Decoding, fly, planFlights, type Row } from './flights.js';
import { CompiledPlan, type Intervention } from './interventions.js';
import { type LogitsOptions, logitsProcessors, logprobOf, type TokenLogprob } from './logits.js';
import type { ProgramSpec } from './program.js';
import type { Runner } from './runner.js';
import { checkSampling, type SamplingOptions, sample } from './sampling.js';

export interface GenerateOptions extends SamplingOptions, LogitsOptions {
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
  /** A PEFT folder. Defaults to none. */
  adapter?: string;
  /** Rows decoded together. Defaults to 64. */
  maxBatch?: number;
  /** Called with every piece of text as it becomes certain. */
  onText?: (piece: { prompt: number; sample: number; text: string }) => void;
  /** Called with every completion as soon as it is finished. */
  onSample?: (sample: Sample) => void;
  /** Samples that are not needed, as when a run is resumed: the others come out the same. */
  skip?: (prompt: number, sample: number) => boolean;
  /** Called after each token of the batch with how many completions are finished. */
  onProgress?: (finished: number, total: number) => void;
  /** Ends the generation with an INTERRUPTED error. */
  signal?: AbortSignal;
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

/**
 * Generates `n` completions of each prompt, many rows side by side (`flights.ts`).
 *
 * @param prompts token ids, each at least one token
 * @returns samples in the order (prompt, sample), without those that were skipped
 */
export async function generate(
  runner: Runner,
  codec: TextCodec | undefined,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions & { eosIds: readonly number[] },
  adapter: Adapter | undefined,
): Promise<Sample[]> {
  const { n = 1, maxNewTokens = 128, maxBatch = 64, stop = [], logprobs } = options;
  const { config } = runner.checkpoint;
  checkSampling(options);
  for (const [name, value] of Object.entries({ n, maxNewTokens, maxBatch })) {
    ensure(
      Number.isInteger(value) && value > 0,
      'BAD_ARGUMENT',
      `${name} must be a whole number above 0; got ${value}.`,
    );
  }
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
  const ending = (options.interventions ?? []).filter(({ until }) => until !== undefined);
  ensure(
    ending.length === 0 || codec,
    'BAD_ARGUMENT',
    'An intervention that ends with the text ("until") needs a tokenizer, and this model folder has none.',
  );
  const processors = logitsProcessors(options, config.vocabSize);
  const plan = new CompiledPlan(options.interventions ?? [], config, prompts.length);
  const program: ProgramSpec = { plan, capture: [], adapter };
  const rows = prompts.flatMap((ids, prompt) =>
    [...Array(n).keys()]
      .filter((index) => !options.skip?.(prompt, index))
      .map(
        (index): Row => ({
          prompt,
          sample: index,
          ids,
          tokens: [],
          text: '',
          logprobs: [],
          random: new Random(options.seed ?? 0, 'sample', ids.join(), index),
          decoder: codec && new IncrementalDecoder(codec, { skipSpecialTokens: true }),
          stop: stop.length > 0 ? new StopMatcher(stop) : undefined,
          ended: new Map(),
          finishReason: undefined,
          // Learned positions end; rotary ones do not.
          room: config.rope
            ? maxNewTokens
            : Math.min(maxNewTokens, config.maxPositions - ids.length + 1),
        }),
      ),
  );
  const result = (row: Row): Sample => ({
    prompt: row.prompt,
    sample: row.sample,
    tokens: row.tokens,
    text: row.text,
    finishReason: row.finishReason!,
    ...(logprobs !== undefined && { logprobs: row.logprobs }),
  });

  let finished = 0;
  const decoding: Decoding = {
    runner,
    program,
    maxBatch,
    signal: options.signal,
    next: (row, logits) => {
      // Processors change the logits, and log-probabilities are those of the model.
      const own = logprobs !== undefined && processors.length > 0 ? logits.slice() : logits;
      for (const process of processors) process(logits, row);
      const token = sample(logits, options, row.random);
      if (logprobs !== undefined) row.logprobs.push(logprobOf(own, token, logprobs));
      accept(row, token, options);
      for (const edit of ending) {
        if (row.ended.has(edit) || !edit.until!.some((text) => row.text.includes(text))) continue;
        row.ended.set(edit, row.ids.length + row.tokens.length - 1);
      }
      if (!row.finishReason) return;
      finished++;
      options.onSample?.(result(row));
    },
    onStep: () => options.onProgress?.(finished, rows.length),
  };
  for (const flight of planFlights(rows, plan, config, maxBatch)) await fly(flight, decoding);
  return rows.map(result);
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

/** Takes one more token into a row; may finish it. */
function accept(
  row: Row,
  token: number,
  options: GenerateOptions & { eosIds: readonly number[] },
): void {
  row.tokens.push(token);
  const ended = options.eosIds.includes(token);
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
    options.onText?.({ prompt: row.prompt, sample: row.sample, text: piece });
  }
  if (stopped) row.finishReason = 'stop';
  else if (ended) row.finishReason = 'eos';
  else if (full) row.finishReason = 'length';
}
