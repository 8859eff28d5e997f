import { outdates } from '../models/index.js';
import type { Adapter } from './adapter.js';
import { KvCache } from './cache.js';
import { checkPrompt } from './completions.js';
import { promptsAtOnce, takeIn } from './flights.js';
import { CompiledPlan } from './interventions.js';
import type { ProgramSpec } from './program.js';
import type { Runner } from './runner.js';

/**
 * Logits after sequences that grow: of each it keeps keys and values as long as every call has a sequence
 * that is one token longer. Several may grow out of the same one, as beams do; those that nothing grows out of
 * are forgotten.
 *
 * @example
 * const follower = model.follow();
 * const [first] = await follower.next([[1, 2, 3]]);
 * const [second, other] = await follower.next([[1, 2, 3, 4], [1, 2, 3, 5]]); // 1, 2, 3 are not computed again
 * await follower.free();
 */
export class Follower {
  readonly #runner: Runner;
  readonly #program: ProgramSpec;
  #cache: KvCache | undefined;
  /** What each row of the cache holds, and a row that holds it. */
  #held: string[] = [];
  #rows = new Map<string, number>();

  constructor(runner: Runner, adapter: Adapter | undefined) {
    const plan = new CompiledPlan([], runner.checkpoint.config, 1);
    this.#runner = runner;
    this.#program = { plan, capture: [], adapter };
  }

  /**
   * @param sequences token ids, each at least one token
   * @returns of each sequence the logits [vocab] after its last token
   * @throws {SutureError} BAD_ARGUMENT for a sequence that the model cannot take in
   */
  async next(sequences: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const { config } = this.#runner.checkpoint;
    for (const [i, ids] of sequences.entries()) checkPrompt(ids, i, config);
    if (sequences.length === 0) return [];
    const prefixes = sequences.map((ids) => ids.slice(0, -1));
    const cache = await this.#seated(prefixes);
    const [logits] = await this.#runner.run(this.#program, {
      tokens: sequences.map((ids) => [ids.at(-1)!]),
      prompts: sequences.map(() => 0),
      promptLengths: sequences.map((ids) => ids.length),
      past: cache,
      into: { cache, rows: [...sequences.keys()] },
      logitRows: [...sequences.keys()],
      fetch: ['logits'],
    });
    this.#held = sequences.map((ids) => ids.join());
    this.#rows = new Map(this.#held.map((key, row) => [key, row]));
    const vocab = logits!.dims[1]!;
    return sequences.map((_, row) => logits!.data.subarray(row * vocab, (row + 1) * vocab));
  }

  async free(): Promise<void> {
    await this.#cache?.free();
    this.#cache = undefined;
    this.#held = [];
    this.#rows.clear();
  }

  /** The cache, with one row for each prefix. */
  async #seated(prefixes: readonly (readonly number[])[]): Promise<KvCache> {
    const { device, checkpoint } = this.#runner;
    const { rope } = checkpoint.config;
    const keys = prefixes.map((ids) => ids.join());
    const known = prefixes.map((ids, seat) => {
      if (rope && outdates(rope, ids.length, ids.length + 1)) return undefined;
      // Samples of one prompt are often alike: each keeps its own row, so that none is moved.
      return this.#held[seat] === keys[seat] ? seat : this.#rows.get(keys[seat]!);
    });
    // Known again when all has gone well.
    this.#held = [];
    this.#rows.clear();
    if (this.#cache) {
      const last = this.#cache.lengths.length - 1;
      const rows = known.map((row, seat) => row ?? Math.min(seat, last));
      const asTheyAre = rows.length === last + 1 && rows.every((row, seat) => row === seat);
      if (!asTheyAre) await this.#cache.select(rows);
    } else {
      this.#cache = await KvCache.allocate(device, checkpoint.config, prefixes.length);
    }
    const fresh = new Map<string, { ids: readonly number[]; seats: number[] }>();
    for (const [seat, ids] of prefixes.entries()) {
      if (known[seat] !== undefined) continue;
      const one = fresh.get(keys[seat]!) ?? { ids, seats: [] };
      one.seats.push(seat);
      fresh.set(keys[seat]!, one);
    }
    await this.#takeIn([...fresh.values()], this.#cache);
    return this.#cache;
  }

  /** Computes prefixes from their beginning, each once, into the rows of the cache that are theirs. */
  async #takeIn(
    fresh: readonly { ids: readonly number[]; seats: readonly number[] }[],
    cache: KvCache,
  ): Promise<void> {
    const { device, checkpoint } = this.#runner;
    const longest = Math.max(0, ...fresh.map(({ ids }) => ids.length));
    const atOnce = promptsAtOnce(longest + 1);
    for (let at = 0; at < fresh.length; at += atOnce) {
      const some = fresh.slice(at, at + atOnce);
      const taken = await KvCache.allocate(device, checkpoint.config, some.length);
      while (
        await takeIn(
          some.map(({ ids }) => ids),
          taken,
          { runner: this.#runner, program: this.#program },
        )
      );
      await cache.assign(
        taken,
        some.flatMap(({ seats }, from) => seats.map((into) => ({ from, into }))),
      );
      await taken.free();
    }
  }
}
