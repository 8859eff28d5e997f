import type { Graph, Value } from '../graph/index.js';

/** A low-rank addition to one linear layer: `y += factor * (x A^T) B^T`. */
export interface LoraSite {
  /** [r, in] */
  a: Value;
  /** [out, r] */
  b: Value;
  factor: number;
  /** Dropout of what goes in, in training. */
  drop?(x: Value): Value;
}

/** Widths of a linear layer, and how its weight lies in the checkpoint. */
export interface LinearShape {
  in: number;
  out: number;
  /** `out_in` is PyTorch's Linear; `in_out` is GPT-2's Conv1D. */
  layout: 'out_in' | 'in_out';
}

/**
 * How a forward pass is being built: where its weights come from, and who listens at its hooks.
 * The family's code is the same for inference, analysis and training; only this differs.
 */
export interface Build {
  graph: Graph;
  /** A weight by its name in the checkpoint. */
  weight(name: string, dims: readonly number[]): Value;
  /** Called at every hook point; returns the value to go on with. */
  hook(name: string, value: Value): Value;
  /** Called at hook points that can only be captured; `make` adds nodes, so call it only for that. */
  observe?(name: string, make: () => Value): void;
  /** The adapter at a linear layer, by its module path, if there is one. */
  lora?(module: string, shape: LinearShape): LoraSite | undefined;
  /** Wraps each block: called with the residual stream that comes in, and what makes of it the one that goes out. */
  block?(x: Value, body: (x: Value) => Value): Value;
  /** `x W^T` for a weight that is not kept as f32: asked before `weight`. x: [..., in] */
  product?(name: string, x: Value, shape: LinearShape): Value | undefined;
  /** Rows of an embedding that is not kept as f32: asked before `weight`. */
  rows?(name: string, ids: Value, dims: readonly [number, number]): Value | undefined;
}

/** What a forward pass is fed. */
export interface ForwardInputs {
  /** Token ids, i64 [b, s]. */
  tokens: Value;
  /** Positions of these tokens, i64 [b, s]. */
  positions: Value;
  /** Rotary tables [n, rotated / 2], and each token's row in them, i64 [b, s]; without rotary positions none. */
  rotary?: { cos: Value; sin: Value; rows: Value };
  /** Which rows of the flattened [b * s] positions get logits: i64 [n]. */
  logitRows: Value;
  /** Tokens seen before. */
  past?: {
    /**
     * Keys and values of the first tokens, the same for all rows: [n_kv_heads, 1, trunk, head_dim] per layer, and how
     * many of these slots are filled: i64 [1].
     */
    trunk?: { layers: readonly CachedLayer[]; length: Value };
    /** Those that follow in each row: [n_kv_heads, b, past, head_dim] per layer. */
    own: readonly CachedLayer[];
    /** How many of the `past` slots are filled in each row: i64 [b]. Defaults to all. */
    lengths?: Value;
  };
  /** Examples packed into one row see only themselves: i64 [b, s]; none where there is a past. */
  segments?: Value;
  /** The same of keys, where some are seen by no query: i64 [b, s]. Defaults to `segments`. */
  keySegments?: Value;
}

/** Keys and values of one layer. */
export interface CachedLayer {
  key: Value;
  value: Value;
}

export interface ForwardOutputs {
  /** [n, vocab] */
  logits: Value;
  /** For each layer, keys and values of these tokens: [n_kv_heads, b, s, head_dim]. */
  cache: readonly CachedLayer[];
}
