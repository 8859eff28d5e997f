// A checkpoint as a GGUF file for llama.cpp, quantised as `llama-quantize --pure` does it: all
// matrices, the embedding too, in one type.
//
//   "GGUF", version 3 (u32), number of tensors (u64), of metadata (u64)
//   metadata    name, type (u32), value
//   tensors     name, number of dimensions (u32), dimensions (u64, the innermost first), type (u32), offset (u64)
//   data        each tensor at a multiple of 32 bytes
//
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; blocks as in ggml-quants.c
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { f32ToF16, openCheckpoint, readPieces, toF32 } from '../../dist/tensor/index.js';

/**
 * @typedef {'f32' | 'q8_0' | 'q4_0'} GgmlType
 * @typedef {import('../../dist/tensor/index.js').TensorEntry} TensorEntry
 */

/** Values of a row that share a scale. */
const BLOCK = 32;
/** ggml's number of the type, bytes of a block, and how a block is written. */
const TYPES = {
  f32: { id: 0, bytes: 4 * BLOCK, file: 0, encode: f32Blocks },
  q8_0: { id: 8, bytes: 34, file: 7, encode: q8Blocks },
  q4_0: { id: 2, bytes: 18, file: 2, encode: q4Blocks },
};
const ALIGNMENT = 32;
/** Bytes of bf16 read at a time. */
const PIECE = 2 ** 23;

/**
 * The GGUF file of a checkpoint folder, beside it; made where it is not there.
 * @param {string} dir @param {GgmlType} type
 */
export async function ggufFile(dir, type) {
  const path = `${dir}.gguf/${type}.gguf`;
  if (existsSync(path)) return path;
  console.log(`making ${path} ...`);
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  try {
    await write(temporary, dir, type);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
  return path;
}

/** @param {string} path @param {string} dir @param {GgmlType} type */
async function write(path, dir, type) {
  const tensors = [...openCheckpoint(dir).values()].map((entry) => {
    // llama.cpp keeps what is not a matrix in f32.
    const kind = TYPES[entry.dims.length === 1 ? 'f32' : type];
    const blocks = entry.dims.reduce((a, b) => a * b, 1) / BLOCK;
    return { entry, ...kind, byteLength: blocks * kind.bytes };
  });
  const config = JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8'));
  const metadata = metadataOf(config, TYPES[type].file);
  const head = new Bytes();
  head.raw(Buffer.from('GGUF')).u32(3).u64(tensors.length).u64(metadata.length);
  for (const [name, put] of metadata) put(head.text(name));
  let offset = 0;
  for (const { entry, id, byteLength } of tensors) {
    head.text(ggufName(entry.name)).u32(entry.dims.length);
    for (const dim of entry.dims.toReversed()) head.u64(dim);
    head.u32(id).u64(offset);
    offset += aligned(byteLength);
  }
  const file = await open(path, 'w');
  try {
    const start = head.done();
    await file.writeFile(start);
    await file.writeFile(Buffer.alloc(aligned(start.length) - start.length));
    for (const { entry, encode, byteLength } of tensors) {
      for await (const piece of readPieces(entry, PIECE)) {
        await file.writeFile(encode(toF32(entry.dtype, piece)));
      }
      await file.writeFile(Buffer.alloc(aligned(byteLength) - byteLength));
    }
  } finally {
    await file.close();
  }
}

const aligned = (/** @type {number} */ n) => Math.ceil(n / ALIGNMENT) * ALIGNMENT;

const MODULES = {
  'model.embed_tokens': 'token_embd',
  'model.norm': 'output_norm',
  lm_head: 'output',
  input_layernorm: 'attn_norm',
  post_attention_layernorm: 'ffn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
};

/** @param {string} name a weight's name in Hugging Face's layout */
function ggufName(name) {
  const [, layer, module, kind] = /^(?:model\.layers\.(\d+)\.)?(.*)\.(\w+)$/.exec(name) ?? [];
  const renamed = MODULES[/** @type {keyof typeof MODULES} */ (module)];
  if (renamed === undefined) throw new Error(`GGUF has no name for ${name}`);
  return `${layer === undefined ? '' : `blk.${layer}.`}${renamed}.${kind}`;
}

/**
 * @param {Record<string, any>} config @param {number} fileType
 * @returns {[string, (bytes: Bytes) => unknown][]}
 */
function metadataOf(config, fileType) {
  const text = (/** @type {string} */ value) => (/** @type {Bytes} */ b) => b.u32(8).text(value);
  const u32 = (/** @type {number} */ value) => (/** @type {Bytes} */ b) => b.u32(4).u32(value);
  const f32 = (/** @type {number} */ value) => (/** @type {Bytes} */ b) => b.u32(6).f32(value);
  const vocabulary = placeholders(config.vocab_size);
  return [
    ['general.architecture', text('qwen2')],
    ['general.file_type', u32(fileType)],
    ['qwen2.block_count', u32(config.num_hidden_layers)],
    ['qwen2.context_length', u32(config.max_position_embeddings)],
    ['qwen2.embedding_length', u32(config.hidden_size)],
    ['qwen2.feed_forward_length', u32(config.intermediate_size)],
    ['qwen2.attention.head_count', u32(config.num_attention_heads)],
    ['qwen2.attention.head_count_kv', u32(config.num_key_value_heads)],
    ['qwen2.rope.freq_base', f32(config.rope_theta)],
    ['qwen2.attention.layer_norm_rms_epsilon', f32(config.rms_norm_eps)],
    ['tokenizer.ggml.model', text('gpt2')],
    ['tokenizer.ggml.pre', text('qwen2')],
    ['tokenizer.ggml.tokens', (b) => b.texts(vocabulary)],
    ['tokenizer.ggml.token_type', (b) => b.integers(vocabulary.map(() => 1))],
    ['tokenizer.ggml.merges', (b) => b.texts(['a b'])],
    ['tokenizer.ggml.eos_token_id', u32(config.eos_token_id)],
  ];
}

/** A vocabulary that nothing will be read with: GPT-2's letters for the 256 bytes, then numbers. */
function placeholders(/** @type {number} */ size) {
  const printable = (/** @type {number} */ byte) =>
    (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let others = 0;
  return Array.from({ length: size }, (_, i) => {
    if (i >= 256) return `token${i}`;
    return String.fromCodePoint(printable(i) ? i : 256 + others++);
  });
}

/** @param {Float32Array} x */
function f32Blocks(x) {
  return new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
}

/** Blocks of a scale (f16) and 32 whole numbers, value = scale * q. @param {Float32Array} x */
function q8Blocks(x) {
  const out = Buffer.alloc((x.length / BLOCK) * 34);
  const scale = new Float32Array(1);
  for (let from = 0, to = 0; from < x.length; from += BLOCK, to += 34) {
    let largest = 0;
    for (let i = from; i < from + BLOCK; i++) {
      largest = Math.max(largest, Math.abs(/** @type {number} */ (x[i])));
    }
    scale[0] = largest / 127;
    const inverse = largest === 0 ? 0 : 127 / largest;
    out.writeUInt16LE(/** @type {number} */ (f32ToF16(scale)[0]), to);
    for (let i = 0; i < BLOCK; i++) {
      out[to + 2 + i] = Math.round(/** @type {number} */ (x[from + i]) * inverse);
    }
  }
  return out;
}

/**
 * Blocks of a scale (f16) and 32 numbers of 4 bits, value = scale * (q - 8); the scale is such that
 * the value of the largest magnitude is q = 0. Byte i holds the values i (low) and i + 16.
 * @param {Float32Array} x
 */
function q4Blocks(x) {
  const out = Buffer.alloc((x.length / BLOCK) * 18);
  const scale = new Float32Array(1);
  for (let from = 0, to = 0; from < x.length; from += BLOCK, to += 18) {
    let largest = 0;
    for (let i = from; i < from + BLOCK; i++) {
      const value = /** @type {number} */ (x[i]);
      if (Math.abs(value) > Math.abs(largest)) largest = value;
    }
    scale[0] = largest / -8;
    const inverse = largest === 0 ? 0 : -8 / largest;
    out.writeUInt16LE(/** @type {number} */ (f32ToF16(scale)[0]), to);
    const q = (/** @type {number} */ i) =>
      Math.min(15, Math.floor(/** @type {number} */ (x[from + i]) * inverse + 8.5));
    for (let i = 0; i < 16; i++) out[to + 2 + i] = q(i) | (q(i + 16) << 4);
  }
  return out;
}

/** Little-endian values one behind the other. */
class Bytes {
  /** @type {Buffer[]} */
  #parts = [];

  done() {
    return Buffer.concat(this.#parts);
  }
  /** @param {Buffer} bytes */
  raw(bytes) {
    this.#parts.push(bytes);
    return this;
  }
  /** @param {number} value */
  u32(value) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return this.raw(bytes);
  }
  /** @param {number} value */
  f32(value) {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    return this.raw(bytes);
  }
  /** @param {number} value */
  u64(value) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return this.raw(bytes);
  }
  /** @param {string} value */
  text(value) {
    const bytes = Buffer.from(value);
    return this.u64(bytes.length).raw(bytes);
  }
  /** @param {readonly string[]} values */
  texts(values) {
    this.u32(9).u32(8).u64(values.length);
    for (const value of values) this.text(value);
    return this;
  }
  /** @param {readonly number[]} values */
  integers(values) {
    return this.u32(9)
      .u32(5)
      .u64(values.length)
      .raw(Buffer.from(Int32Array.from(values).buffer));
  }
}
