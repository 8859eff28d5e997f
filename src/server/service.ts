import { ensure, sha256 } from '../core/index.js';
import type { ContinuousBatch, Model } from '../engine/index.js';
import type { Severity, SourceLanguage } from '../scan/index.js';
import type { GateFile, VectorFile } from '../steer/index.js';
import type { TextCodec } from '../text/index.js';
import { Admission } from './admission.js';
import type { ScanPolicy } from './bodies.js';
import { ApiError } from './errors.js';
import { Metrics } from './metrics.js';
import { CompletionScanner } from './scanning.js';
import { type VectorRules, Vectors } from './vectors.js';

export interface ServiceOptions extends VectorRules {
  /** Name of the model without vectors. Defaults to `base`. */
  name?: string;
  /** Model of requests that name none, as /infill's may. Defaults to `name`. */
  defaultModel?: string | undefined;
  /** Vectors by name. Defaults to none. */
  vectors?: Readonly<Record<string, VectorFile>>;
  /** Chooses among them for the model `name+auto`. Defaults to none: there is no such model. */
  gate?: GateFile | undefined;
  /** Completions computed at a time. Defaults to 16. */
  maxRows?: number;
  /** Completions that may wait beside them. Defaults to 64. */
  maxQueue?: number;
  /** Tokens of prompts that are kept for those that begin alike. Defaults to 4096. */
  keptTokens?: number;
  /** Most new tokens of a completion: what asks for more gets so many. Defaults to 2048. */
  maxTokens?: number;
  /** Seconds that a request may take, waiting included. Defaults to 300. */
  timeout?: number;
  /** What is done about weaknesses in completions; requests may ask for more. Defaults to `off`. */
  scan?: ScanPolicy;
  /** Of completions whose language nothing tells. Defaults to none: they are not scanned. */
  scanLanguage?: SourceLanguage | undefined;
  /** Weaknesses of less are left out. Defaults to `low`. */
  scanSeverity?: Severity;
}

/** Policies by how much they promise. */
const STRICTNESS: Record<ScanPolicy, number> = { off: 0, annotate: 1, block: 2, regenerate: 2 };

/** A model at work for many clients: everything that outlives a request. */
export class Service {
  readonly model: Model;
  readonly tokenizer: TextCodec;
  /** Model of requests that name none. */
  readonly defaultModel: string;
  readonly batch: ContinuousBatch;
  readonly vectors: Vectors;
  readonly admission: Admission;
  readonly metrics: Metrics;
  readonly maxTokens: number;
  readonly scanLanguage: SourceLanguage | undefined;
  /** Names the weights that answer. */
  readonly fingerprint: string;
  readonly created = Math.floor(Date.now() / 1000);
  readonly #scan: ScanPolicy;
  readonly #least: Severity | undefined;
  #scanner: Promise<CompletionScanner> | undefined;

  /** @throws {SutureError} BAD_VECTOR for a vector of another model; BAD_DATA for such a gate; BAD_ARGUMENT */
  constructor(model: Model, options: ServiceOptions = {}) {
    const { name = 'base', vectors = {}, maxRows = 16, maxQueue = 64 } = options;
    const { keptTokens = 4096, maxTokens = 2048, timeout = 300, scan = 'off' } = options;
    ensure(model.tokenizer, 'UNSUPPORTED', `${model.id} has no tokenizer: it cannot be served.`);
    this.model = model;
    this.tokenizer = model.tokenizer;
    this.batch = model.continuous({ maxRows, keptTokens });
    this.vectors = new Vectors(model, name, options);
    this.admission = new Admission({ maxRows, maxQueue, timeout: timeout * 1000 });
    this.metrics = new Metrics(this.batch, this.vectors);
    this.maxTokens = maxTokens;
    this.fingerprint = `fp_${sha256(model.hash).slice(0, 12)}`;
    this.scanLanguage = options.scanLanguage;
    this.#scan = scan;
    this.#least = options.scanSeverity;
    for (const [given, file] of Object.entries(vectors)) this.vectors.add(given, file);
    if (options.gate) this.vectors.choose(options.gate);
    this.defaultModel = options.defaultModel ?? name;
    this.vectors.steering(this.defaultModel); // it is there
    this.#reserve();
  }

  /** Takes a vector while requests are answered; those that are under way keep theirs. */
  register(name: string, file: VectorFile): void {
    this.vectors.add(name, file);
    this.#reserve();
  }

  #reserve(): void {
    this.batch.reserve(this.vectors.hooks, this.vectors.gateHooks);
  }

  /**
   * What a request's completions are scanned for.
   * @throws {ApiError} 403 where it asks for less than this server promises
   */
  policy(asked: ScanPolicy = this.#scan): ScanPolicy {
    if (STRICTNESS[asked] >= STRICTNESS[this.#scan]) return asked;
    const message = `This server scans completions by "${this.#scan}"; a request may ask for no less.`;
    throw new ApiError(403, 'policy', message, { param: 'scan' });
  }

  /** Its grammars are loaded when they are first needed. */
  scanner(): Promise<CompletionScanner> {
    this.#scanner ??= CompletionScanner.load(this.#least);
    return this.#scanner;
  }

  /**
   * How many tokens may follow such prompts.
   * @throws {ApiError} 400 where one leaves no room
   */
  room(prompts: readonly (readonly number[])[], asked = this.maxTokens): number {
    const context = this.model.config.maxPositions;
    const longest = Math.max(...prompts.map((ids) => ids.length));
    if (longest >= context) {
      const message = `The prompt has ${longest} tokens; this model reads at most ${context}, the completion included.`;
      throw new ApiError(400, 'context_length_exceeded', message, { param: 'prompt' });
    }
    return Math.min(asked, this.maxTokens, context - longest);
  }
}
