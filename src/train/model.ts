import { ensure } from '../core/index.js';
import type { Feed } from '../engine/index.js';
import { add, type Graph, recomputed, type Value } from '../graph/index.js';
import {
  type Build,
  type CachedLayer,
  type ForwardInputs,
  type ForwardOutputs,
  forward,
  type LoraSite,
  loraModules,
  type ModelConfig,
  RotaryTables,
  weightShapes,
} from '../models/index.js';
import type { TensorEntry } from '../tensor/index.js';
import type { Dropout } from './dropout.js';

/**
 * What is trained: all weights of a model, an adapter on weights that stay as they are, or nothing of the model but what
 * an objective puts beside it.
 */
export type Trainable = (
  | { kind: 'full' }
  | { kind: 'frozen'; weights: ReadonlyMap<string, TensorEntry> }
  | {
      kind: 'lora';
      /** Frozen f32 weights, used in place. */
      weights: ReadonlyMap<string, TensorEntry>;
      /** Linear layers with an adapter: module path -> rank and factor. */
      modules: ReadonlyMap<string, { rank: number; factor: number }>;
    }
) & {
  /** Backpropagation computes each block once more instead of keeping what was in it. Defaults to false. */
  recompute?: boolean;
};

export const loraNames = (module: string) => ({ a: `${module}.lora_A`, b: `${module}.lora_B` });

/**
 * Names and shapes of what is trained.
 * @throws {SutureError} BAD_ADAPTER where the model has no layer that an adapter is for
 */
export function parameterShapes(
  config: ModelConfig,
  trainable: Trainable,
): Map<string, readonly number[]> {
  if (trainable.kind === 'full') return weightShapes(config);
  if (trainable.kind === 'frozen') return new Map();
  const known = loraModules(config);
  const shapes = new Map<string, readonly number[]>();
  for (const [module, { rank }] of trainable.modules) {
    const widths = known.get(module);
    ensure(widths, 'BAD_ADAPTER', `This model has no linear layer ${module}.`);
    const names = loraNames(module);
    shapes.set(names.a, [rank, widths.in]);
    shapes.set(names.b, [widths.out, rank]);
  }
  return shapes;
}

export interface PassOptions {
  /** Looks on at every hook point, and may change what is there. */
  hook?: Build['hook'];
  /** Whether the adapter acts. Defaults to true. */
  adapter?: boolean;
  /** Of what goes into the adapters. Defaults to none. */
  dropout?: Dropout | undefined;
}

/** A model in a graph, whose parameters are inputs: all passes over it share them. */
export class TrainableModel {
  readonly parameters = new Map<string, Value>();
  readonly #graph: Graph;
  readonly #config: ModelConfig;
  readonly #trainable: Trainable;
  readonly #frozen = new Map<string, Value>();
  readonly #recompute: boolean;
  #rotary: { cos: Value; sin: Value } | undefined;

  constructor(graph: Graph, config: ModelConfig, trainable: Trainable) {
    this.#graph = graph;
    this.#config = config;
    this.#trainable = trainable;
    this.#recompute = trainable.recompute ?? false;
  }

  /** A value that is trained. */
  parameter(name: string, dims: readonly number[]): Value {
    const value = this.parameters.get(name) ?? this.#graph.input(name, 'f32', dims);
    this.parameters.set(name, value);
    return value;
  }

  /**
   * Inputs of a pass: `tokens`, `positions`, `segments` i64 [b, s] and `logit_rows` i64 [rows].
   *
   * @param prefix of their names, and of `rows`. Defaults to none
   * @param keySegments whether keys have segments of their own, `key_segments`. Defaults to false
   */
  inputs(prefix = '', { keySegments = false } = {}): ForwardInputs {
    const ids = (name: string) => this.#graph.input(`${prefix}${name}`, 'i64', ['b', 's']);
    const positions = ids('positions');
    const { rope } = this.#config;
    const table = (name: string) => this.#graph.input(name, 'f32', ['n', rope!.dim / 2]);
    if (rope) this.#rotary ??= { cos: table('cos'), sin: table('sin') };
    return {
      tokens: ids('tokens'),
      positions,
      segments: ids('segments'),
      ...(keySegments && { keySegments: ids('key_segments') }),
      ...(this.#rotary && { rotary: { ...this.#rotary, rows: positions } }),
      logitRows: this.#graph.input(`${prefix}logit_rows`, 'i64', [`${prefix}rows`]),
    };
  }

  /**
   * The same tokens behind keys and values that nothing was read for: positions count on from these, and there are no
   * segments, so that a row is one sequence, padded on the right.
   *
   * @param layers [n_kv_heads, b, n, head_dim]
   */
  behind(inputs: ForwardInputs, layers: readonly CachedLayer[]): ForwardInputs {
    const { tokens, logitRows, rotary } = inputs;
    const n = layers[0]!.key.size(2);
    const positions = add(inputs.positions, this.#graph.integers([n]));
    return {
      tokens,
      positions,
      ...(rotary && { rotary: { ...rotary, rows: positions } }),
      logitRows,
      past: { own: layers },
    };
  }

  pass(inputs: ForwardInputs, options: PassOptions = {}): ForwardOutputs {
    const { hook = (_, value) => value, adapter = true, dropout } = options;
    // A block that is computed again drops the same values.
    const sites = new Map<string, number>();
    const siteOf = (module: string, own: Dropout) => {
      const site = sites.get(module) ?? own.site();
      sites.set(module, site);
      return site;
    };
    const build: Build = {
      graph: this.#graph,
      weight: (name, dims) => this.#weight(name, dims),
      hook,
      ...(adapter && this.#recompute && { block: recomputed }),
      lora: (module, dims) => {
        const site = adapter ? this.#site(module, dims) : undefined;
        return site && dropout
          ? {
              ...site,
              drop: (x) => dropout.apply(x, inputs.logitRows, siteOf(module, dropout)),
            }
          : site;
      },
    };
    return forward(build, this.#config, inputs);
  }

  #weight(name: string, dims: readonly number[]): Value {
    if (this.#trainable.kind === 'full') return this.parameter(name, dims);
    const { file, offset, byteLength } = this.#trainable.weights.get(name)!;
    const value =
      this.#frozen.get(name) ??
      this.#graph.external(name, 'f32', dims, { file, offset, length: byteLength });
    this.#frozen.set(name, value);
    return value;
  }

  #site(module: string, dims: { in: number; out: number }): LoraSite | undefined {
    const site = this.#trainable.kind === 'lora' ? this.#trainable.modules.get(module) : undefined;
    if (!site) return undefined;
    const names = loraNames(module);
    return {
      a: this.parameter(names.a, [site.rank, dims.in]),
      b: this.parameter(names.b, [dims.out, site.rank]),
      factor: site.factor,
    };
  }
}

/** Cosines and sines of the positions of sequences of up to `s` tokens. */
export function rotaryFeeds({ rope }: ModelConfig, s: number): Record<string, Feed> {
  if (!rope) return {};
  const { cos, sin } = new RotaryTables(rope).rows([...Array(s).keys()], Array<number>(s).fill(s));
  return { cos: { dtype: 'f32', ...cos }, sin: { dtype: 'f32', ...sin } };
}

export const integerFeed = (values: readonly number[], dims: readonly number[]) =>
  ({ dtype: 'i64', dims, data: BigInt64Array.from(values, (x) => BigInt(x)) }) as const;
