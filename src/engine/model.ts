import { ensure, SutureError } from '../core/index.js';
import type { ModelConfig } from '../models/index.js';
import { type ChatMessage, type Infill, TextCodec } from '../text/index.js';
import { type Adapter, readAdapter } from './adapter.js';
import type { WorkOptions } from './checkpoint/content.js';
import { resolveModel } from './checkpoint/resolve.js';
import { type Checkpoint, DTYPES, openModel, type WeightDType, weightsHash } from './checkpoint.js';
import type { Sample } from './completions.js';
import { ContinuousBatch, type ContinuousOptions } from './continuous.js';
import { Device, PROVIDERS, type Provider } from './device.js';
import { Follower } from './follower.js';
import { type ForwardOptions, type ForwardResult, forwardBatch } from './forward.js';
import { type GenerateOptions, generate } from './generate.js';
import { type ReadOut, readOut, type Translator } from './readout.js';
import { Runner } from './runner.js';

export interface LoadOptions extends WorkOptions {
  /**
   * Precision of the weights: `f32` is exact, the reference for all analysis; `int8` and `int4` are
   * faster and smaller, and docs/precision.md says what they lose. Defaults to `f32`.
   */
  dtype?: WeightDType;
  /** What it computes on. Defaults to `cpu`, the reference. */
  device?: Provider;
  /** Threads of ONNX Runtime. Defaults to the number of cores, at most 8. */
  threads?: number;
}

/**
 * Prompts as token ids, texts, gaps to be filled in (in the model's fill-in-the-middle form), or
 * conversations (which go through its chat template).
 */
export type Prompts =
  | { tokens: readonly (readonly number[])[] }
  | { text: string | readonly string[] }
  | { infill: Infill | readonly Infill[] }
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
  const { dtype = 'f32', device: provider = 'cpu', threads } = options;
  ensure(
    DTYPES.includes(dtype),
    'UNSUPPORTED',
    `dtype "${dtype}" is not supported; use one of ${DTYPES.join(', ')}.`,
  );
  ensure(
    PROVIDERS.includes(provider),
    'UNSUPPORTED',
    `There is no device "${provider}"; use one of ${PROVIDERS.join(', ')}.`,
  );
  const dir = resolveModel(dirOrId);
  // The device's thread starts up meanwhile.
  const opening = Device.open({ provider, ...(threads === undefined ? {} : { threads }) });
  opening.catch(() => {}); // looked at below, when its turn comes
  try {
    const checkpoint = await openModel(dir, options);
    const codec = TextCodec.load(dir);
    return new Model(dirOrId, new Runner(await opening, checkpoint), codec);
  } catch (thrown) {
    await opening.then((device) => device.close()).catch(() => {});
    throw thrown;
  }
}

/** A loaded model. Figures are exact float32 where its weights are. */
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

  /** Its weights, in place in their files. */
  get checkpoint(): Checkpoint {
    return this.#runner.checkpoint;
  }
  get config(): ModelConfig {
    return this.checkpoint.config;
  }
  get nLayers(): number {
    return this.config.nLayers;
  }
  get dModel(): number {
    return this.config.dModel;
  }
  /** SHA-256 over the weights; read once, when first asked for. */
  get hash(): string {
    this.#hash ??= weightsHash(this.checkpoint);
    return this.#hash;
  }

  /**
   * One pass over whole sequences.
   *
   * @param batch token ids of each row, possibly of unequal lengths
   * @throws {SutureError} BAD_ARGUMENT for ids outside the vocabulary, unknown hooks, positions
   *   beyond a row; BAD_VECTOR for vectors of the wrong width; BAD_ADAPTER
   */
  async forward(
    batch: readonly (readonly number[])[],
    options: ForwardOptions = {},
  ): Promise<ForwardResult> {
    return forwardBatch(this.#runner, batch, options, this.#adapter(options.adapter));
  }

  /**
   * What the model would say if residual streams were what comes out of its last block: final
   * norm and unembedding, and of the logits what is asked for.
   *
   * @param residuals [n, d_model], such as `forward` captures at `blocks.*.hook_resid_post`
   * @param targets token ids, equally many for each row: [n][k]
   * @param translator is put before the final norm (a tuned lens). Defaults to none
   * @throws {SutureError} BAD_ARGUMENT where shapes or ids do not fit
   */
  async readOut(
    residuals: Float32Array,
    targets: readonly (readonly number[])[],
    translator?: Translator,
  ): Promise<ReadOut> {
    return readOut(this.#runner, residuals, targets, translator);
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
    const eosIds = options.eosIds ?? this.endIds(prompts);
    const complete = { ...options, eosIds };
    return { samples: await generate(this.#runner, this.tokenizer, ids, complete, adapter) };
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
    if ('infill' in prompts) return [prompts.infill].flat().map((gap) => tokenizer.infill(gap).ids);
    const { messages } = prompts;
    const many = messages.every((item): item is readonly ChatMessage[] => Array.isArray(item));
    const conversations = many ? messages : [messages as readonly ChatMessage[]];
    return conversations.map((conversation) => tokenizer.applyChatTemplate([...conversation]));
  }

  /** Tokens that end a completion of such prompts. */
  endIds(prompts: Prompts): readonly number[] {
    const { tokenizer, config } = this;
    const own = tokenizer?.eosIds.length ? tokenizer.eosIds : config.eosIds;
    if (!('infill' in prompts)) return own;
    return [...own, ...(tokenizer?.infill({ prefix: '', suffix: '' }).endIds ?? [])];
  }

  /**
   * The model beside another one that writes, or beams that are chosen among: what would come next in
   * sequences that grow.
   *
   * @param options.adapter a PEFT folder. Defaults to none
   * @throws {SutureError} BAD_ADAPTER
   */
  follow(options: { adapter?: string | undefined } = {}): Follower {
    return new Follower(this.#runner, this.#adapter(options.adapter));
  }

  /** A batch that calls join and leave at any time, such as those of a server's clients. */
  continuous(options: ContinuousOptions = {}): ContinuousBatch {
    return new ContinuousBatch(this.#runner, this.tokenizer, this.endIds({ tokens: [] }), options);
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
