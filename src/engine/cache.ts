import type { ModelConfig } from '../models/index.js';
import type { Append, Device, DeviceTensor, Feed } from './device.js';
import { cacheNames } from './program.js';

/** Slots are added this many at a time. */
const SLOTS = 64;

/** The position of an empty slot: beyond every query, so that none sees it. */
const NOWHERE = 1n << 40n;

/** What a graph is fed when nothing has been seen before. */
export function emptyPast(config: ModelConfig, rows: number): Record<string, Feed> {
  const none: DeviceTensor = {
    dtype: 'f32',
    dims: [rows, config.nKvHeads, 0, config.headDim],
    data: new Float32Array(0),
  };
  const feeds: Record<string, Feed> = {
    past_positions: { dtype: 'i64', dims: [rows, 0], data: new BigInt64Array(0) },
  };
  for (let layer = 0; layer < config.nLayers; layer++) {
    const { pastKey, pastValue } = cacheNames(layer);
    feeds[pastKey] = none;
    feeds[pastValue] = none;
  }
  return feeds;
}

/**
 * Keys and values of a batch of sequences, [rows, n_kv_heads, capacity, head_dim] per layer, in
 * the device. Graphs read it in place and give back only what is new ("split" cache).
 */
export class KvCache {
  static #made = 0;
  readonly #device: Device;
  readonly #config: ModelConfig;
  readonly #prefix = `kv${KvCache.#made++}`;
  #lengths: number[];
  #capacity: number;

  private constructor(device: Device, config: ModelConfig, rows: number, capacity: number) {
    this.#device = device;
    this.#config = config;
    this.#lengths = Array<number>(rows).fill(0);
    this.#capacity = capacity;
  }

  /** A cache with room for `slots` tokens in each row. */
  static async allocate(device: Device, config: ModelConfig, rows: number, slots: number) {
    const cache = new KvCache(device, config, rows, roundUp(slots));
    const { nKvHeads, headDim } = config;
    await device.allocate(cache.#buffers(), [rows, nKvHeads, cache.#capacity, headDim]);
    return cache;
  }

  /** Tokens held in each row. */
  get lengths(): readonly number[] {
    return this.#lengths;
  }

  /** Makes sure that one more token fits in every row. */
  async reserve(): Promise<void> {
    if (Math.max(...this.#lengths) < this.#capacity) return;
    const capacity = roundUp(this.#capacity * 1.25);
    await this.#rearrange([...this.#lengths.keys()], capacity);
  }

  /** Keeps the given rows, in this order; a row may be given several times. */
  async select(rows: readonly number[], slots = 0): Promise<void> {
    await this.#rearrange(rows, Math.max(this.#capacity, roundUp(slots)));
    this.#lengths = rows.map((row) => this.#lengths[row]!);
  }

  /** The inputs of a graph that continues all rows. */
  feeds(): Record<string, Feed> {
    const rows = this.#lengths.length;
    const positions = new BigInt64Array(rows * this.#capacity).fill(NOWHERE);
    for (const [row, length] of this.#lengths.entries()) {
      for (let i = 0; i < length; i++) positions[row * this.#capacity + i] = BigInt(i);
    }
    const feeds: Record<string, Feed> = {
      past_positions: { dtype: 'i64', dims: [rows, this.#capacity], data: positions },
    };
    for (let layer = 0; layer < this.#config.nLayers; layer++) {
      const { pastKey, pastValue } = cacheNames(layer);
      feeds[pastKey] = { buffer: this.#name('key', layer) };
      feeds[pastValue] = { buffer: this.#name('value', layer) };
    }
    return feeds;
  }

  /** What a run must append, given how many new tokens of each of `rows` are real. */
  append(rows: readonly number[], counts: readonly number[]): Append[] {
    const at = rows.map((row) => this.#lengths[row]!);
    for (const [i, row] of rows.entries()) this.#lengths[row]! += counts[i]!;
    return Array.from({ length: this.#config.nLayers }, (_, layer) => {
      const { newKey, newValue } = cacheNames(layer);
      return [
        { output: newKey, into: this.#name('key', layer), rows, at, counts },
        { output: newValue, into: this.#name('value', layer), rows, at, counts },
      ];
    }).flat();
  }

  async free(): Promise<void> {
    await this.#device.drop(this.#buffers());
  }

  async #rearrange(rows: readonly number[], capacity: number): Promise<void> {
    await this.#device.rearrange(this.#buffers(), rows, capacity);
    this.#capacity = capacity;
  }

  #name(kind: 'key' | 'value', layer: number): string {
    return `${this.#prefix}.${kind}.${layer}`;
  }

  #buffers(): string[] {
    const layers = [...Array(this.#config.nLayers).keys()];
    return layers.flatMap((layer) => [this.#name('key', layer), this.#name('value', layer)]);
  }
}

const roundUp = (slots: number) => Math.ceil(slots / SLOTS) * SLOTS;
