import {
  add,
  dimProduct,
  gather,
  layerNorm,
  matmul,
  reshape,
  rmsNorm,
  rotary,
  scale,
  type Value,
} from '../graph/index.js';
import { type AttentionOptions, attention } from './attention.js';
import type { Build, CachedLayer, ForwardInputs, ForwardOutputs, LinearShape } from './build.js';
import type { ModelConfig } from './config.js';
import { AttentionMasks } from './masks.js';

export interface LinearOptions {
  /** Defaults to false. */
  bias?: boolean;
  layout?: LinearShape['layout'];
  /** The weight's name in the checkpoint, where it is not `{module}.weight`. */
  weight?: string;
}

/** One forward pass in the making: what the families' files are written with. */
export class Pass<C extends ModelConfig = ModelConfig> {
  readonly config: C;
  readonly inputs: ForwardInputs;
  readonly #build: Build;
  readonly #masks: AttentionMasks;
  readonly #cache: CachedLayer[] = [];

  constructor(build: Build, config: C, inputs: ForwardInputs) {
    this.#build = build;
    this.config = config;
    this.inputs = inputs;
    this.#masks = new AttentionMasks(inputs);
  }

  hook(name: string, value: Value): Value {
    return this.#build.hook(name, value);
  }

  weight(name: string, dims: readonly number[]): Value {
    return this.#build.weight(name, dims);
  }

  /** Rows of `{module}.weight` [n, d]: [...ids, d]. */
  embedding(module: string, ids: Value, dims: readonly [number, number]): Value {
    const name = `${module}.weight`;
    return this.#build.rows?.(name, ids, dims) ?? gather(this.weight(name, dims), ids);
  }

  /** `x W^T (+ bias) (+ adapter)`; x is [..., in]. */
  linear(module: string, x: Value, out: number, options: LinearOptions = {}): Value {
    const { bias = false, layout = 'out_in', weight = `${module}.weight` } = options;
    const shape = { in: x.size(-1), out, layout };
    let y =
      this.#build.product?.(weight, x, shape) ??
      (layout === 'out_in'
        ? matmul(x, this.weight(weight, [out, shape.in]), { transB: true })
        : matmul(x, this.weight(weight, [shape.in, out])));
    if (bias) y = add(y, this.weight(`${module}.bias`, [out]));
    const lora = this.#build.lora?.(module, shape);
    if (!lora) return y;
    const low = matmul(lora.drop?.(x) ?? x, lora.a, { transB: true }); // [..., r]
    return add(y, scale(matmul(low, lora.b, { transB: true }), lora.factor));
  }

  rmsNorm(module: string, x: Value): Value {
    return rmsNorm(x, this.weight(`${module}.weight`, [x.size(-1)]), this.config.normEpsilon);
  }

  layerNorm(module: string, x: Value, { bias = true } = {}): Value {
    const d = x.size(-1);
    const weight = this.weight(`${module}.weight`, [d]);
    const shift = bias ? this.weight(`${module}.bias`, [d]) : undefined;
    return layerNorm(x, weight, shift, this.config.normEpsilon);
  }

  /** Rotates the heads of x [b, s, heads * head_dim] to their positions. */
  rotate(x: Value): Value {
    const { rope, headDim } = this.config;
    const { cos, sin, rows } = this.inputs.rotary!;
    const { dim, interleaved } = rope!;
    return rotary(x, rows, cos, sin, { headDim, rotated: dim, interleaved });
  }

  /**
   * Attention of one layer: from projected queries, keys and values [b, s, heads * head_dim] to
   * the heads' outputs [b, s, n_heads * head_dim], which the output projection takes in.
   */
  attend(
    layer: number,
    heads: { q: Value; k: Value; v: Value },
    options: AttentionOptions = {},
  ): Value {
    const { nHeads, headDim } = this.config;
    const { z, cache } = attention(
      this.#build,
      this.config,
      this.inputs,
      this.#masks,
      layer,
      heads,
      options,
    );
    this.#cache.push(cache);
    const [b, s] = z.dims;
    return reshape(this.hook(`blocks.${layer}.attn.hook_z`, z), [b!, s!, nHeads * headDim]);
  }

  /**
   * The residual stream through all blocks, one branch after the other:
   * `x += attention(x); x += mlp(x)`. A branch begins with its norm.
   */
  sequential(x: Value, attend: Branch, mlp: Branch): Value {
    return this.#blocks(x, (x, layer, at) => {
      const mid = at('hook_resid_mid', add(x, at('hook_attn_out', attend(x, layer))));
      return add(mid, at('hook_mlp_out', mlp(mid, layer)));
    });
  }

  /** The same where both branches read what came into the block: `x += attention(x) + mlp(x)`. */
  parallel(x: Value, branches: (x: Value, layer: number) => { attend: Value; mlp: Value }): Value {
    return this.#blocks(x, (x, layer, at) => {
      const { attend, mlp } = branches(x, layer);
      return add(x, add(at('hook_attn_out', attend), at('hook_mlp_out', mlp)));
    });
  }

  #blocks(
    x: Value,
    block: (x: Value, layer: number, at: (name: string, value: Value) => Value) => Value,
  ): Value {
    for (let layer = 0; layer < this.config.nLayers; layer++) {
      const at = (name: string, value: Value) => this.hook(`blocks.${layer}.${name}`, value);
      const body = (x: Value) => block(x, layer, at);
      const into = at('hook_resid_pre', x);
      x = at('hook_resid_post', this.#build.block?.(into, body) ?? body(into));
    }
    return x;
  }

  /** What goes into a block's attention or MLP, after its norm: a hook point of its own. */
  into(part: 'attn' | 'mlp', layer: number, normed: Value): Value {
    return this.hook(`blocks.${layer}.${part}.hook_in`, normed);
  }

  /**
   * Final norm and unembedding of the positions that are asked for.
   *
   * @param head the unembedding's module; where the config ties it, its weight is `embedding`'s
   * @param cap bounds the logits, where the family does
   */
  unembed(
    x: Value,
    norm: (rows: Value) => Value,
    head: { module: string; embedding: string; bias?: boolean },
    cap: (logits: Value) => Value = (logits) => logits,
  ): ForwardOutputs {
    const { vocabSize, dModel, tied } = this.config;
    const [b, s] = x.dims;
    const rows = gather(reshape(x, [dimProduct([b!, s!]), dModel]), this.inputs.logitRows); // [n, d_model]
    const final = this.hook('ln_final.hook_normalized', norm(rows));
    const bias = head.bias ?? false;
    const options = tied ? { bias, weight: `${head.embedding}.weight` } : { bias };
    const logits = cap(this.linear(head.module, final, vocabSize, options)); // [n, vocab]
    return { logits: this.hook('logits', logits), cache: this.#cache };
  }
}

/** From the residual stream to what is added to it, both [b, s, d_model]. */
export type Branch = (x: Value, layer: number) => Value;
