import type { Oracle } from './compare.js';
import {
  add,
  attendAll,
  frequencies,
  map,
  mul,
  type OracleWeights,
  pieces,
  type Rows,
  rotateHalves,
  silu,
} from './oracle.js';

/** The `config.json` that the definition below is of, but for `model_type`. */
export const TINY_LLAMA = {
  vocab_size: 40,
  hidden_size: 32,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 48,
  max_position_embeddings: 64,
};
const { vocab_size, hidden_size, num_hidden_layers, intermediate_size } = TINY_LLAMA;

type Norm = (w: OracleWeights, module: string, x: Rows) => Rows;

/** Where a family departs from Llama; each part is written out in the family's test. */
export interface Departures {
  headDim?: number;
  kv?: number;
  tied?: boolean;
  embedScale?: number;
  norm?: Norm;
  /** Of the second branch, in the checkpoint. */
  mlpNorm?: string;
  qkv?: (w: OracleWeights, normed: Rows, attention: string) => [Rows, Rows, Rows];
  /** What head i of queries or keys goes through before it is rotated. */
  headNorm?: (w: OracleWeights, attention: string, which: 'q' | 'k', head: Rows, i: number) => Rows;
  inverse?: readonly number[];
  factor?: number;
  scale?: number;
  softcap?: number;
  window?: (layer: number) => number | undefined;
  outBias?: boolean;
  mlp?: (w: OracleWeights, normed: Rows, mlp: string) => Rows;
  /** What the branches' outputs go through before they are added. */
  after?: { attention: string; mlp: string };
  parallel?: boolean;
  cap?: (logit: number) => number;
}

/** `LlamaForCausalLM` of Hugging Face's modeling_llama.py, in the size of `TINY_LLAMA`. */
export function llamaLike(departures: Departures = {}): Oracle {
  const { headDim = 8, kv = 2, tied = false, parallel = false, outBias = false } = departures;
  const {
    embedScale = 1,
    norm = (w, module, x) => w.rmsNorm(module, x, 1e-6),
    mlpNorm = 'post_attention_layernorm',
    qkv = separate({ headDim, kv }),
    headNorm = (_w, _attention, _which, head) => head,
    inverse = frequencies(10000, headDim),
    factor = 1,
    scale = 1 / Math.sqrt(headDim),
    softcap,
    window = () => undefined,
    mlp = gated(silu),
    after,
    cap = (logit) => logit,
  } = departures;
  return (w, ids) => {
    const tokens = w.embedding('model.embed_tokens', ids, vocab_size, hidden_size);
    const embedded = map(tokens, (value) => value * embedScale);
    let x = embedded;
    const blocks = Array.from({ length: num_hidden_layers }, (_, layer): Rows => {
      const block = `model.layers.${layer}`;
      const attention = `${block}.self_attn`;
      const post = (module: string | undefined, y: Rows) =>
        module ? norm(w, `${block}.${module}`, y) : y;

      const normed = norm(w, `${block}.input_layernorm`, x);
      const [q, k, v] = qkv(w, normed, attention);
      const rotated = (which: 'q' | 'k', rows: Rows) =>
        pieces(rows, rows[0]!.length / headDim).map((head, i) =>
          rotateHalves(headNorm(w, attention, which, head, i), inverse, factor),
        );
      const options = { scale, softcap, window: window(layer) };
      const z = attendAll(rotated('q', q), rotated('k', k), pieces(v, kv), options);
      const attended = w.linear(`${attention}.o_proj`, z, hidden_size, { bias: outBias });
      const middle = add(x, post(after?.attention, attended));

      const second = parallel ? normed : norm(w, `${block}.${mlpNorm}`, middle);
      x = add(middle, post(after?.mlp, mlp(w, second, `${block}.mlp`)));
      return x;
    });
    const head = tied ? { weight: 'model.embed_tokens.weight' } : {};
    const logits = w.linear('lm_head', norm(w, 'model.norm', x), vocab_size, head);
    return { embedded, blocks, logits: map(logits, cap) };
  };
}

/** Llama's three projections. */
export const separate =
  ({ headDim = 8, kv = 2, bias = false } = {}): NonNullable<Departures['qkv']> =>
  (w, normed, attention) => {
    const project = (name: string, heads: number) =>
      w.linear(`${attention}.${name}`, normed, heads * headDim, { bias });
    return [project('q_proj', 4), project('k_proj', kv), project('v_proj', kv)];
  };

/** Llama's MLP. */
export const gated =
  (act: (x: number) => number, bias = false): NonNullable<Departures['mlp']> =>
  (w, normed, mlp) => {
    const gate = map(w.linear(`${mlp}.gate_proj`, normed, intermediate_size, { bias }), act);
    const up = w.linear(`${mlp}.up_proj`, normed, intermediate_size, { bias });
    return w.linear(`${mlp}.down_proj`, mul(gate, up), hidden_size, { bias });
  };

/** Columns, so many at a time. */
export function cut(x: Rows, ...widths: number[]): Rows[] {
  let from = 0;
  return widths.map((width) => {
    from += width;
    return x.map((row) => row.slice(from - width, from));
  });
}
