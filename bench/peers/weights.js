// Checkpoints with random weights, laid out as Hugging Face does: config.json, bf16 safetensors in
// shards, and their index. Made once, a piece at a time, and kept in the system's folder for
// temporary files.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../dist/core/index.js';
import { parseConfig, weightShapes } from '../../dist/models/index.js';
import { f32ToBf16, streamSafetensors } from '../../dist/tensor/index.js';
import { SHAPES } from './shapes.js';

/** Where models, and what engines make of them, are kept between runs. */
export const FOLDER = join(tmpdir(), 'suture-bench');

/** Standard deviation of the weights, as models of this family are initialised. */
const SCALE = 0.02;
/** Bytes of weights in a file: as Hugging Face splits them. */
const SHARD = 5e9;
/** Values made at a time. */
const PIECE = 2 ** 22;

/**
 * The folder of a model with random weights of this shape; made where it is not there.
 * @param {import('./shapes.js').Shape} shape
 */
export async function randomCheckpoint(shape) {
  const dir = join(FOLDER, shape);
  if (existsSync(dir)) return dir;
  const { title, config } = SHAPES[shape];
  console.log(`making random weights at the shape of ${title} ...`);
  const temporary = `${dir}.${process.pid}`;
  try {
    mkdirSync(temporary, { recursive: true });
    writeFileSync(join(temporary, 'config.json'), JSON.stringify(config, undefined, 2));
    await writeShards(temporary, weightShapes(parseConfig(config, title)));
    renameSync(temporary, dir);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return dir;
}

/** @param {string} dir @param {ReadonlyMap<string, readonly number[]>} shapes */
async function writeShards(dir, shapes) {
  /** @type {[string, readonly number[]][][]} */
  const shards = [[]];
  let total = 0;
  let filled = 0;
  for (const [name, dims] of shapes) {
    const bytes = 2 * sizeOf(dims);
    if (filled > 0 && filled + bytes > SHARD) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1)?.push([name, dims]);
    filled += bytes;
    total += bytes;
  }
  const table = normalTable();
  const number = (/** @type {number} */ i) => String(i).padStart(5, '0');
  /** @type {Record<string, string>} */
  const places = {};
  for (const [i, tensors] of shards.entries()) {
    const file =
      shards.length === 1
        ? 'model.safetensors'
        : `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
    for (const [name] of tensors) places[name] = file;
    const streamed = tensors.map(([name, dims]) => {
      return /** @type {const} */ ([
        name,
        { dtype: /** @type {const} */ ('bf16'), dims, pieces: () => pieces(name, dims, table) },
      ]);
    });
    await streamSafetensors(join(dir, file), new Map(streamed));
  }
  if (shards.length > 1) {
    const index = { metadata: { total_size: total }, weight_map: places };
    writeFileSync(join(dir, 'model.safetensors.index.json'), JSON.stringify(index));
  }
}

/**
 * The values of a weight, in pieces: ones for the scale of a norm, otherwise normally distributed
 * and different in every weight (engines keep equal weights once).
 * @param {string} name @param {readonly number[]} dims @param {Uint16Array} table
 */
function* pieces(name, dims, table) {
  const size = sizeOf(dims);
  const norm = name.endsWith('norm.weight');
  const random = new Random('weight', name);
  // Marsaglia's xorshift: one word chooses two values of the table.
  let x = random.uint32() | 1;
  for (let at = 0; at < size; at += PIECE) {
    const values = new Uint16Array(Math.min(PIECE, size - at));
    if (norm) values.fill(0x3f80);
    else {
      for (let i = 0; i < values.length; i += 2) {
        x ^= x << 13;
        x ^= x >>> 17;
        x ^= x << 5;
        values[i] = /** @type {number} */ (table[x & 0xffff]);
        values[i + 1] = /** @type {number} */ (table[x >>> 16]);
      }
    }
    yield new Uint8Array(values.buffer);
  }
}

/** 65536 normally distributed values in bf16: drawing one of them is quick. */
function normalTable() {
  const random = new Random('normal table');
  return f32ToBf16(Float32Array.from({ length: 65536 }, () => SCALE * random.normal()));
}

const sizeOf = (/** @type {readonly number[]} */ dims) => dims.reduce((a, b) => a * b, 1);
