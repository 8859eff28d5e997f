import { ensure, SutureError } from '../core/index.js';
import { type ModelConfig, matchHooks } from '../models/index.js';
import type { Tensor } from '../tensor/index.js';
import { type ChatMessage, TextCodec } from '../text/index.js';
import { type Adapter, readAdapter } from './adapter.js';
import type { WorkOptions } from './checkpoint/content.js';
import { resolveModel } from './checkpoint/resolve.js';
import { openModel, weightsHash } from './checkpoint.js';
import { Device } from './device.js';
import { checkPrompt, type GenerateOptions, generate, type Sample } from './generate.js';
import { CompiledPlan, type Intervention } from './interventions.js';
import { Runner } from './runner.js';

export interface LoadOptions extends WorkOptions {
  /** Precision of weights and arithmetic. Defaults to `f32`, the reference. */
  dtype?: 'f32';
  /** Threads of ONNX Runtime. Defaults to the number of cores, at most 8. */
  threads?: number;
}

export interface ForwardOptions {
  /** Hook points or patterns (`blocks.*.hook_resid_post`) to be returned. Defaults to none. */
  capture?: readonly string[];
  /** Edits of the residual stream. Defaults to none. */
  interventions?: readonly Intervention[];
  /** A PEFT folder. Defaults to none. */
  adapter?: string | undefined;
  /** Which positions get logits: all, or the last of each row. Defaults to `all`. */
  logits?: 'all' | 'last';
}

export interface ForwardResult {
  /**
   * [batch, pos, vocab], or [batch, vocab] for `logits: 'last'`. Shorter rows are padded on the
   * right; what stands at padding means nothing.
   */
  logits: Tensor;
  /** What was captured, by hook: [batch, pos, d_model]; patterns are [batch, head, query, key]. */
  cache: Map<string, Tensor>;
}

/** Prompts as token ids, texts or conversations (which go through the model's chat template). */
export type Prompts =
  | { tokens: readonly (readonly number[])[] }
  | { text: string | readonly string[] }
  | { messages: readonly ChatMessage[] | readonly (readonly ChatMessage[])[] };

/**
 * Loads a model from a Hugging Face folder. Nothing is downloaded.
 *
 * @param dirOrId a folder; `org/name` or `org/name@revision` of a model that was pulled; or
 *   `organism` for the model that ships with Suture
 * @throws {SutureError} NOT_FOUND, BAD_CONFIG, BAD_CHECKPOINT, UNSUPPORTED, DISK, INTERRUPTED
 * @example
 * const model = await loadModel('organism');
 * const { samples } = await model.generate({ text: 'int main' }, { maxNewTokens: 8 });
 * console.log(samples[0].text);
 * await model.close();
 */
export async function loadModel(dirOrId: string, options: LoadOptions = {}): Promise<Model> {
  const { dtype = 'f32', threads } = options;
  ensure(dtype === 'f32', 'UNSUPPORTED', `dtype "${dtype}" is not supported; use "f32".`);
  const dir = resolveModel(dirOrId);
  const checkpoint = await openModel(dir, options);
  const codec = TextCodec.load(dir);
  const device = new Device(threads === undefined ? {} : { threads });
  return new Model(dirOrId, new Runner(device, checkpoint), codec);
}

/** A loaded model. All figures are exact float32 unless said otherwise. */
export class Model {
  readonly id: string;
  readonly tokenizer: TextCodec | undefined;
  readonly #runner: Runner;
  readonly #adapters = new Map<string, Adapter>();
  #hash: string | undefined;

  constructor(id: string, runner: Runner, tokenizer: TextCodec | undefined) {
    this.id = id;
    this.#runner = runner;
    this.tokenizer = tokenizer;
  }

  get config(): ModelConfig {
    return this.#runner.checkpoint.config;
  }
  get nLayers(): number {
    return this.config.nLayers;
  }
  get dModel(): number {
    return this.config.dModel;
  }
  /** SHA-256 over the weights; read once, when first asked for. */
  get hash(): string {
    this.#hash ??= weightsHash(this.#runner.checkpoint);
    return this.#hash;
  }

  /**
   * One pass over whole sequences.
   *
   * @param batch token ids of each row, possibly of unequal lengths
   * @throws {SutureError} BAD_ARGUMENT for ids outside the vocabulary, unknown hooks, positions
   *   beyond the prompt; BAD_VECTOR for vectors of the wrong width; BAD_ADAPTER
   */
  async forward(
    batch: readonly (readonly number[])[],
    options: ForwardOptions = {},
  ): Promise<ForwardResult> {
    const { config } = this;
    ensure(batch.length > 0, 'BAD_ARGUMENT', 'forward needs at least one row of tokens.');
    for (const [i, ids] of batch.entries()) checkPrompt(ids, i, config);
    const hooks = [...new Set((options.capture ?? []).flatMap((name) => matchHooks(name, config)))];
    const plan = new CompiledPlan(options.interventions ?? [], config, batch.length);
    const adapter = this.#adapter(options.adapter);
    const program = { plan, capture: hooks, adapter };

    const rows = batch.length;
    const s = Math.max(...batch.map((ids) => ids.length));
    const last = options.logits === 'last';
    const captured = hooks.filter((name) => name !== 'logits');
    const [logits, ...values] = await this.#runner.run(program, {
      tokens: batch,
      prompts: [...batch.keys()],
      promptLengths: batch.map((ids) => ids.length),
      logitRows: last
        ? batch.map((ids, row) => row * s + ids.length - 1)
        : Array.from({ length: rows * s }, (_, i) => i),
      fetch: ['logits', ...captured],
    });
    // The final norm and the logits come flat, one row per position.
    const unflatten = ({ dims, data }: Tensor): Tensor =>
      last ? { dims, data } : { dims: [rows, s, dims[1]!], data };
    const cache = new Map(
      captured.map((name, i) => [
        name,
        name === 'ln_final.hook_normalized' ? unflatten(values[i]!) : values[i]!,
      ]),
    );
    const result = unflatten(logits!);
    if (hooks.includes('logits')) cache.set('logits', result);
    return { logits: result, cache };
  }

  /**
   * Completes prompts, greedily unless a temperature is given.
   *
   * @returns samples in the order (prompt, sample)
   * @throws {SutureError} as `forward`; INTERRUPTED when the signal fires
   */
  async generate(prompts: Prompts, options: GenerateOptions = {}): Promise<{ samples: Sample[] }> {
    const ids = this.encode(prompts);
    const adapter = this.#adapter(options.adapter);
    return { samples: await generate(this.#runner, this.tokenizer, ids, options, adapter) };
  }

  /** Prompts as token ids: texts with the tokenizer's special tokens, conversations through the chat template. */
  encode(prompts: Prompts): number[][] {
    if ('tokens' in prompts) return prompts.tokens.map((ids) => [...ids]);
    const { tokenizer } = this;
    if (!tokenizer) {
      throw new SutureError(
        'BAD_ARGUMENT',
        `${this.id} has no tokenizer.json: give prompts as { tokens }.`,
      );
    }
    if ('text' in prompts) return [prompts.text].flat().map((text) => tokenizer.encode(text));
    const { messages } = prompts;
    const many = messages.every((item): item is readonly ChatMessage[] => Array.isArray(item));
    const conversations = many ? messages : [messages as readonly ChatMessage[]];
    return conversations.map((conversation) => tokenizer.applyChatTemplate([...conversation]));
  }

  /** Ends the engine's thread and frees its memory. */
  async close(): Promise<void> {
    await this.#runner.device.close();
  }

  #adapter(dir: string | undefined): Adapter | undefined {
    if (dir === undefined) return undefined;
    const known = this.#adapters.get(dir) ?? readAdapter(dir, this.config);
    this.#adapters.set(dir, known);
    return known;
  }
}
