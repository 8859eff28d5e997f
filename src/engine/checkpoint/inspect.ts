import { join } from 'node:path';
import { readJson, SutureError } from '../../core/index.js';
import { hookNames, type ModelConfig, parseConfig } from '../../models/index.js';
import { openCheckpoint, sizeOf, type TensorEntry } from '../../tensor/index.js';
import { TextCodec } from '../../text/index.js';
import { readModel } from '../checkpoint.js';
import { type Memory, type MemoryNeed, memoryHere, memoryNeeds } from './memory.js';
import { resolveModel } from './resolve.js';

/** What can be known of a model before its weights are read. */
export interface Inspection {
  id: string;
  dir: string;
  /** Why the model cannot be loaded; absent where it can. */
  problem?: SutureError;
  /** `model_type` of its config.json; absent where there is none. */
  family?: string;
  /** Sizes by Suture's names; of a family that is not supported, those that could be guessed. */
  sizes: Partial<Sizes>;
  /** All that is known of a supported family. */
  config?: ModelConfig;
  /** Weights as they are stored; absent where they cannot be read. */
  stored?: Stored;
  /** Numbers of parameters that the model uses; of an unsupported family, of all that is stored. */
  parameters?: { total: number; embedding?: number };
  tokenizer: { present: boolean; chatTemplate: boolean; infill: boolean };
  /** Hook points, `blocks.{i}` standing for each layer; absent where the family is not supported. */
  hooks?: readonly string[];
  memory: Memory;
  needs?: readonly MemoryNeed[];
}

export interface Sizes {
  nLayers: number;
  dModel: number;
  nHeads: number;
  nKvHeads: number;
  headDim: number;
  dMlp: number;
  vocabSize: number;
  maxPositions: number;
  tied: boolean;
}

export interface Stored {
  files: { path: string; bytes: number }[];
  /** Bytes of tensors by element type. */
  dtypes: Record<string, number>;
}

/**
 * Looks at a model without reading its weights: their headers, `config.json` and the tokenizer. What
 * stands in the way of loading it is in `problem`, beside all that can be known all the same.
 *
 * @param id a folder, `org/name[@revision]` of a model that was pulled, or `organism`
 * @throws {SutureError} NOT_FOUND, BAD_ARGUMENT where there is no folder to look at
 * @example
 * const { sizes, needs, problem } = inspectModel('organism');
 */
export function inspectModel(id: string): Inspection {
  const dir = resolveModel(id);
  const problems: SutureError[] = [];
  /** The first problem is the one to tell: others follow from it. */
  const attempt = <T>(look: () => T): T | undefined => {
    try {
      return look();
    } catch (thrown) {
      if (!(thrown instanceof SutureError)) throw thrown;
      problems.push(thrown);
      return undefined;
    }
  };
  const path = join(dir, 'config.json');
  const json = attempt(() => readJson(path));
  const config = json === undefined ? undefined : attempt(() => parseConfig(json, path));
  const stored = attempt(() => [...openCheckpoint(dir).values()]);
  const used = config && stored && attempt(() => readModel(dir).stored);
  const codec = attempt(() => TextCodec.load(dir));
  const memory = memoryHere();
  const fields = new Fields(json);
  const family = fields.text('model_type');
  const [problem] = problems;
  return {
    id,
    dir,
    ...(problem && { problem }),
    ...(family !== undefined && { family }),
    sizes: config ? sizesOf(config) : guessedSizes(fields),
    ...(config && { config, hooks: generalHooks(config) }),
    ...(stored && { stored: storedAs(stored), parameters: parametersOf(used ?? stored, config) }),
    tokenizer: {
      present: codec !== undefined,
      chatTemplate: codec?.chatTemplate !== undefined,
      infill: codec?.canInfill ?? false,
    },
    memory,
    ...(config && used && { needs: memoryNeeds(config, used, memory) }),
  };
}

function sizesOf(config: ModelConfig): Sizes {
  const { nLayers, dModel, nHeads, nKvHeads, headDim, dMlp, vocabSize, maxPositions, tied } =
    config;
  return { nLayers, dModel, nHeads, nKvHeads, headDim, dMlp, vocabSize, maxPositions, tied };
}

/** The names under which families that are not supported may keep their sizes. */
function guessedSizes(fields: Fields): Partial<Sizes> {
  const guesses: Record<Exclude<keyof Sizes, 'tied'>, number | undefined> = {
    nLayers: fields.number('num_hidden_layers', 'n_layer', 'num_layers'),
    dModel: fields.number('hidden_size', 'n_embd', 'd_model'),
    nHeads: fields.number('num_attention_heads', 'n_head', 'num_heads'),
    nKvHeads: fields.number('num_key_value_heads'),
    headDim: fields.number('head_dim'),
    dMlp: fields.number('intermediate_size', 'n_inner', 'ffn_dim'),
    vocabSize: fields.number('vocab_size'),
    maxPositions: fields.number('max_position_embeddings', 'n_positions', 'n_ctx'),
  };
  return Object.fromEntries(Object.entries(guesses).filter(([, value]) => value !== undefined));
}

/** Fields of a config.json of which nothing is known. */
class Fields {
  readonly #fields: Record<string, unknown>;

  constructor(json: unknown) {
    this.#fields = typeof json === 'object' && json !== null ? { ...json } : {};
  }

  text(name: string): string | undefined {
    const value = this.#fields[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** The first of these names that is there as a number. */
  number(...names: string[]): number | undefined {
    const values = names.map((name) => this.#fields[name]);
    return values.find((value): value is number => typeof value === 'number');
  }
}

/** Hook points with `{i}` for the layer, each once. */
function generalHooks(config: ModelConfig): string[] {
  return [...new Set(hookNames(config).map((name) => name.replace(/^blocks\.\d+/, 'blocks.{i}')))];
}

function storedAs(entries: readonly TensorEntry[]): Stored {
  const files = new Map<string, number>();
  const dtypes: Record<string, number> = {};
  for (const { file, dtype, byteLength } of entries) {
    files.set(file, (files.get(file) ?? 0) + byteLength);
    dtypes[dtype] = (dtypes[dtype] ?? 0) + byteLength;
  }
  return { files: [...files].map(([path, bytes]) => ({ path, bytes })), dtypes };
}

function parametersOf(
  entries: readonly TensorEntry[],
  config: ModelConfig | undefined,
): { total: number; embedding?: number } {
  const total = entries.reduce((sum, { dims }) => sum + sizeOf(dims), 0);
  return config ? { total, embedding: config.vocabSize * config.dModel } : { total };
}
