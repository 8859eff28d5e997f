import { add, type Graph, matmul, scale, type Value } from '../graph/index.js';
import type { ModelConfig } from './config.js';

/** A low-rank addition to one linear layer: `y += factor * (x A^T) B^T`. */
export interface LoraSite {
  /** [r, in] */
  a: Value;
  /** [out, r] */
  b: Value;
  factor: number;
}

/**
 * How a forward pass is being built: where its weights come from, and who listens at its hooks.
 * The family's code is the same for inference, analysis and training; only this differs.
 */
export interface Build {
  graph: Graph;
  config: ModelConfig;
  /** A weight by its name in the checkpoint. */
  weight(name: string, dims: readonly number[]): Value;
  /** Called at every hook point; returns the value to go on with. */
  hook(name: string, value: Value): Value;
  /** Called at hook points that can only be captured; `make` adds nodes, so call it only for that. */
  observe?(name: string, make: () => Value): void;
  /** The adapter at a linear layer, by its module path, if there is one. */
  lora?(module: string, dims: { in: number; out: number }): LoraSite | undefined;
}

/** What a forward pass is fed. */
export interface ForwardInputs {
  /** Token ids, i64 [b, s]. */
  tokens: Value;
  /** Positions of these tokens, i64 [b, s]. */
  positions: Value;
  /** Rotary tables [n, head_dim / 2]. */
  cos: Value;
  sin: Value;
  /** Which rows of the flattened [b * s] positions get logits: i64 [n]. */
  logitRows: Value;
  /** Tokens seen before. Empty slots have a position beyond all others. */
  past?: {
    /** i64 [b, past] */
    positions: Value;
    /** For each layer, [b, n_kv_heads, past, head_dim]. */
    keys: readonly Value[];
    values: readonly Value[];
  };
  /** Examples packed into one row see only themselves: i64 [b, s]. */
  segments?: Value;
}

export interface ForwardOutputs {
  /** [n, vocab] */
  logits: Value;
  /** For each layer, keys and values of these tokens: [b, n_kv_heads, s, head_dim]. */
  keys: readonly Value[];
  values: readonly Value[];
}

/** `x W^T (+ bias) (+ adapter)` for `module.weight` [out, in]; x is [..., in]. */
export function linear(
  build: Build,
  module: string,
  x: Value,
  out: number,
  options: { bias?: boolean; weight?: Value } = {},
): Value {
  const into = x.size(-1);
  const weight = options.weight ?? build.weight(`${module}.weight`, [out, into]);
  let y = matmul(x, weight, { transB: true });
  if (options.bias) y = add(y, build.weight(`${module}.bias`, [out]));
  const lora = build.lora?.(module, { in: into, out });
  if (!lora) return y;
  const low = matmul(x, lora.a, { transB: true }); // [..., r]
  return add(y, scale(matmul(low, lora.b, { transB: true }), lora.factor));
}
