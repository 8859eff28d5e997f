import { ensure, Random, SutureError } from '../core/index.js';
import { IncrementalDecoder, StopMatcher, type TextCodec } from '../text/index.js';
import type { Adapter } from './adapter.js';
import { KvCache } from './cache.js';
import { CompiledPlan, type Intervention } from './interventions.js';
import type { ProgramSpec } from './program.js';
import type { Runner } from './runner.js';
import { checkSampling, type SamplingOptions, sample } from './sampling.js';

export interface GenerateOptions extends SamplingOptions {
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
  /** Edits of the residual stream; `rows` name prompts of the batch. Defaults to none. */
  interventions?: readonly Intervention[];
  /** A PEFT folder. Defaults to none. */
  adapter?: string;
  /** Rows decoded together. Defaults to 64. */
  maxBatch?: number;
  /** Called with every piece of text as it becomes certain. */
  onText?: (piece: { prompt: number; sample: number; text: string }) => void;
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
}

/** One completion on its way. */
interface Row {
  prompt: number;
  sample: number;
  ids: readonly number[];
  tokens: number[];
  text: string;
  random: Random;
  decoder: IncrementalDecoder | undefined;
  stop: StopMatcher | undefined;
  finishReason: Sample['finishReason'] | undefined;
}

/** Prompt tokens that are prefilled in one run: bounds its memory. */
const PREFILL_TOKENS = 4096;

/**
 * Generates `n` completions of each prompt. Rows are decoded in batches; the cache of a prompt is
 * computed once for all its samples, and for all rows that share the prompt unless an intervention
 * acts before its last token.
 *
 * @param prompts token ids, each at least one token
 * @returns samples in the order (prompt, sample)
 */
export async function generate(
  runner: Runner,
  codec: TextCodec | undefined,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
  adapter: Adapter | undefined,
): Promise<Sample[]> {
  const { n = 1, maxNewTokens = 128, maxBatch = 64, stop = [] } = options;
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
  for (const [i, ids] of prompts.entries()) checkPrompt(ids, i, config.vocabSize);

  const plan = new CompiledPlan(options.interventions ?? [], config, prompts.length);
  const program: ProgramSpec = { plan, capture: [], adapter };
  const rows = prompts.flatMap((ids, prompt) =>
    Array.from(
      { length: n },
      (_, index): Row => ({
        prompt,
        sample: index,
        ids,
        tokens: [],
        text: '',
        random: new Random(options.seed ?? 0, 'sample', ids.join(), index),
        decoder: codec && new IncrementalDecoder(codec, { skipSpecialTokens: true }),
        stop: stop.length > 0 ? new StopMatcher(stop) : undefined,
        finishReason: undefined,
      }),
    ),
  );

  // Rows of like length together waste the fewest cache slots.
  const queue = rows.toSorted((a, b) => a.ids.length - b.ids.length);
  let finished = 0;
  for (let i = 0; i < queue.length; i += maxBatch) {
    const batch = queue.slice(i, i + maxBatch);
    await decodeBatch(runner, program, batch, {
      ...options,
      eosIds: options.eosIds ?? (codec?.eosIds.length ? codec.eosIds : config.eosIds),
      maxNewTokens,
      onFinished: (count) => {
        finished += count;
        options.onProgress?.(finished, rows.length);
      },
    });
  }
  return rows.map(({ prompt, sample: index, tokens, text, finishReason }) => ({
    prompt,
    sample: index,
    tokens,
    text,
    finishReason: finishReason!,
  }));
}

export function checkPrompt(ids: readonly number[], index: number, vocabSize: number): void {
  ensure(ids.length > 0, 'BAD_ARGUMENT', `Prompt ${index} has no tokens.`);
  const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  ensure(
    wrong === undefined,
    'BAD_ARGUMENT',
    `Prompt ${index} has the token id ${wrong}; this model's vocabulary is 0 to ${vocabSize - 1}.`,
  );
}

interface DecodeOptions extends GenerateOptions {
  eosIds: readonly number[];
  maxNewTokens: number;
  onFinished: (count: number) => void;
}

/** Decodes rows side by side until all are finished. */
async function decodeBatch(
  runner: Runner,
  program: ProgramSpec,
  batch: readonly Row[],
  options: DecodeOptions,
): Promise<void> {
  const cache = await prefill(runner, program, batch);
  let active = batch.slice();
  try {
    while (true) {
      if (options.signal?.aborted) throw interrupted(options.signal);
      await cache.reserve();
      const [logits] = await runner.run(program, {
        tokens: active.map((row) => [row.tokens.at(-1) ?? row.ids.at(-1)!]),
        prompts: active.map((row) => row.prompt),
        promptLengths: active.map((row) => row.ids.length),
        past: cache,
        into: { cache, rows: [...active.keys()] },
        logitRows: [...active.keys()],
        fetch: ['logits'],
      });
      const vocab = logits!.dims[1]!;
      let done = 0;
      for (const [i, row] of active.entries()) {
        if (row.finishReason) continue;
        const token = sample(
          logits!.data.subarray(i * vocab, (i + 1) * vocab),
          options,
          row.random,
        );
        accept(row, token, options);
        if (row.finishReason) done++;
      }
      options.onFinished(done);
      // Finished rows are carried along until they are half of the batch: moving the rest costs more.
      const left = active.flatMap((row, i) => (row.finishReason ? [] : [i]));
      if (left.length === 0) return;
      if (left.length <= active.length / 2) {
        await cache.select(left);
        active = left.map((i) => active[i]!);
      }
    }
  } finally {
    await cache.free();
  }
}

function interrupted(signal: AbortSignal): SutureError {
  return new SutureError('INTERRUPTED', 'Interrupted.', { cause: signal.reason });
}

/** Takes one more token into a row; may finish it. */
function accept(row: Row, token: number, options: DecodeOptions): void {
  row.tokens.push(token);
  const ended = options.eosIds.includes(token);
  const full = row.tokens.length >= options.maxNewTokens;
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

/**
 * A cache that holds, for each row, its prompt without the last token (which the first decoding
 * step takes in). Equal prefixes are computed once.
 */
async function prefill(
  runner: Runner,
  program: ProgramSpec,
  batch: readonly Row[],
): Promise<KvCache> {
  const { device, checkpoint } = runner;
  const keys = batch.map(({ prompt, ids }) => {
    const own = program.plan.touchesPrefix(prompt, ids.length) ? prompt : '';
    return `${own}:${ids.slice(0, -1).join()}`;
  });
  const unique = [...new Set(keys)];
  const prefixes = unique.map((key) => batch[keys.indexOf(key)]!);
  const longest = Math.max(...batch.map(({ ids }) => ids.length));
  const cache = await KvCache.allocate(device, checkpoint.config, prefixes.length, longest);

  const perRun = Math.max(1, Math.floor(PREFILL_TOKENS / longest));
  for (let from = 0; from < prefixes.length; from += perRun) {
    const chunk = prefixes.slice(from, from + perRun);
    if (chunk.every(({ ids }) => ids.length === 1)) continue;
    await runner.run(program, {
      tokens: chunk.map(({ ids }) => ids.slice(0, -1)),
      prompts: chunk.map(({ prompt }) => prompt),
      promptLengths: chunk.map(({ ids }) => ids.length),
      into: { cache, rows: chunk.map((_, i) => from + i) },
      logitRows: [],
      fetch: [],
    });
  }
  await cache.select(keys.map((key) => unique.indexOf(key)));
  return cache;
}
