import type { CachedLayer, ModelConfig } from '../models/index.js';
import type { Append, Device, DeviceTensor, Feed } from './device.js';
import { type Prefix, prefixLength } from './prefix.js';
import { cacheNames } from './program.js';

/** Slots are added this many at a time, or an eighth of what there is. */
const SLOTS = 64;

/** Names of the device's buffers for one layer. */
type LayerBuffers = Record<keyof CachedLayer, string>;

/** Keys and values of the first tokens of many rows, stored once: [n_kv_heads, 1, length, head_dim] per layer. */
export interface Trunk {
  readonly length: number;
  /** How many of these stand for a prefix. */
  readonly prefixLength: number;
  readonly layers: readonly LayerBuffers[];
}

/** The inputs of a graph whose rows follow no trunk, or this one. */
function trunkFeeds(
  device: Device,
  config: ModelConfig,
  trunk: Trunk | undefined,
): Record<string, Feed> {
  const none = zeros([config.nKvHeads, 1, device.leastSlots, config.headDim]);
  const feeds: Record<string, Feed> = { trunk_length: integers([trunk?.length ?? 0]) };
  for (let layer = 0; layer < config.nLayers; layer++) {
    const { trunkKey, trunkValue } = cacheNames(layer);
    const buffers = trunk?.layers[layer];
    feeds[trunkKey] = buffers ? { buffer: buffers.key } : none;
    feeds[trunkValue] = buffers ? { buffer: buffers.value } : none;
  }
  return feeds;
}

/** What a graph is fed when nothing has been seen before. */
export function emptyPast(device: Device, config: ModelConfig, rows: number): Record<string, Feed> {
  const none = zeros([config.nKvHeads, rows, device.leastSlots, config.headDim]);
  const feeds = trunkFeeds(device, config, undefined);
  feeds.past_lengths = integers(Array<number>(rows).fill(0));
  for (let layer = 0; layer < config.nLayers; layer++) {
    const { pastKey, pastValue } = cacheNames(layer);
    feeds[pastKey] = none;
    feeds[pastValue] = none;
  }
  return feeds;
}

const zeros = (dims: readonly number[]): DeviceTensor => ({
  dtype: 'f32',
  dims,
  data: new Float32Array(dims.reduce((a, b) => a * b, 1)),
});

const integers = (values: readonly number[]): DeviceTensor => ({
  dtype: 'i64',
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
});

/**
 * Keys and values of a batch of sequences, [n_kv_heads, rows, capacity, head_dim] per layer, in
 * the device; the sequences may begin with a trunk that they share. Graphs read it in place and
 * give back only what is new ("split" cache). It grows as tokens are appended.
 */
export class KvCache {
  static #made = 0;
  readonly trunk: Trunk | undefined;
  /** Slots that every row begins with, of which no token has been seen. */
  readonly prefixLength: number;
  readonly #device: Device;
  readonly #config: ModelConfig;
  readonly #layers: readonly LayerBuffers[];
  #lengths: number[];
  #capacity: number;

  private constructor(
    device: Device,
    config: ModelConfig,
    rows: number,
    { trunk, prefixLength }: Pick<KvCache, 'trunk' | 'prefixLength'>,
  ) {
    const name = `kv${KvCache.#made++}`;
    this.trunk = trunk;
    this.prefixLength = prefixLength;
    this.#device = device;
    this.#config = config;
    this.#capacity = device.leastSlots;
    this.#layers = Array.from({ length: config.nLayers }, (_, layer) => ({
      key: `${name}.key.${layer}`,
      value: `${name}.value.${layer}`,
    }));
    this.#lengths = Array<number>(rows).fill(0);
  }

  /**
   * A cache of `rows` sequences of which nothing has been seen but the trunk.
   *
   * @param prefix what each begins with, which a trunk has in it already
   */
  static async allocate(
    device: Device,
    config: ModelConfig,
    rows: number,
    trunk?: Trunk,
    prefix?: KvCache,
  ): Promise<KvCache> {
    const { prefixLength } = trunk ?? prefix ?? { prefixLength: 0 };
    const cache = new KvCache(device, config, rows, { trunk, prefixLength });
    const dims = [config.nKvHeads, rows, cache.#capacity, config.headDim];
    await device.allocate(cache.#buffers(), dims);
    if (prefix && !trunk) {
      await cache.assign(
        prefix,
        Array.from({ length: rows }, (_, into) => ({ from: 0, into })),
      );
    }
    return cache;
  }

  /** A cache of one row that holds a prefix: what others begin with. */
  static async holding(device: Device, config: ModelConfig, prefix: Prefix): Promise<KvCache> {
    const n = prefixLength(prefix);
    const cache = new KvCache(device, config, 1, { trunk: undefined, prefixLength: n });
    const dims = [config.nKvHeads, 1, n, config.headDim];
    for (const [layer, { key, value }] of prefix.layers.entries()) {
      const names = cache.#layers[layer]!;
      await device.put(names.key, { dtype: 'f32', dims, data: key.data });
      await device.put(names.value, { dtype: 'f32', dims, data: value.data });
    }
    cache.#capacity = n;
    cache.#lengths = [n];
    return cache;
  }

  /** Tokens that each row has seen. */
  get lengths(): readonly number[] {
    const shared = (this.trunk?.length ?? 0) - this.prefixLength;
    return this.#lengths.map((length) => shared + length);
  }

  /** Keeps the given rows, in this order; a row may be given several times. */
  async select(rows: readonly number[]): Promise<void> {
    await this.#device.rearrange(this.#buffers(), rows, this.#capacity);
    this.#lengths = rows.map((row) => this.#lengths[row]!);
  }

  /**
   * Row `into` becomes a copy of row `from` of another cache over the same trunk, or of the beginning
   * of it that is `length` tokens long.
   */
  async assign(
    other: KvCache,
    pairs: readonly { from: number; into: number; length?: number }[],
  ): Promise<void> {
    const needed = Math.max(...pairs.map(({ from }) => other.#lengths[from]!));
    this.#grow(needed);
    await this.#device.copyRows(other.#buffers(), this.#buffers(), pairs, this.#capacity);
    const shared = (this.trunk?.length ?? 0) - this.prefixLength;
    for (const { from, into, length } of pairs)
      this.#lengths[into] = length === undefined ? other.#lengths[from]! : length - shared;
  }

  /** The inputs of a graph that continues all rows. */
  feeds(): Record<string, Feed> {
    const feeds = trunkFeeds(this.#device, this.#config, this.trunk);
    feeds.past_lengths = integers(this.#lengths);
    for (const [layer, { key, value }] of this.#layers.entries()) {
      const { pastKey, pastValue } = cacheNames(layer);
      feeds[pastKey] = { buffer: key };
      feeds[pastValue] = { buffer: value };
    }
    return feeds;
  }

  /** What a run must append, given how many new tokens of each of `rows` are real. */
  append(rows: readonly number[], counts: readonly number[]): Append[] {
    const at = rows.map((row) => this.#lengths[row]!);
    for (const [i, row] of rows.entries()) this.#lengths[row]! += counts[i]!;
    this.#grow(Math.max(...this.#lengths));
    const shared = { rows, at, counts, capacity: this.#capacity };
    return this.#layers.flatMap(({ key, value }, layer) => {
      const { newKey, newValue } = cacheNames(layer);
      return [
        { output: newKey, into: key, ...shared },
        { output: newValue, into: value, ...shared },
      ];
    });
  }

  /** Forgets the last token of every row: what comes next is written over it. */
  takeBack(): void {
    this.#lengths = this.#lengths.map((length) => length - 1);
  }

  /** Hands row 0, which must be the only one, over as a trunk: this cache is then no more. */
  async intoTrunk(): Promise<Trunk> {
    const length = this.#lengths[0]!;
    await this.#device.rearrange(this.#buffers(), [0], length);
    return { length, prefixLength: this.prefixLength, layers: this.#layers };
  }

  async free(): Promise<void> {
    await this.#device.drop(this.#buffers());
  }

  /** The capacity that `needed` slots ask for; the device's buffers follow with the next write. */
  #grow(needed: number): void {
    if (needed <= this.#capacity) return;
    const ample = Math.max(needed, this.#capacity * 1.125);
    this.#capacity = Math.ceil(ample / SLOTS) * SLOTS;
  }

  #buffers(): string[] {
    return this.#layers.flatMap(({ key, value }) => [key, value]);
  }
}

/** Frees a trunk's memory. */
export async function freeTrunk(device: Device, { layers }: Trunk): Promise<void> {
  await device.drop(layers.flatMap(({ key, value }) => [key, value]));
}
