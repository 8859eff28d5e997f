import { ensure, SutureError } from '../core/index.js';
import { dependsOnLength, matchHooks } from '../models/index.js';
import type { TextCodec } from '../text/index.js';
import { KvCache } from './cache.js';
import { type CompletionOptions, Completions, checkCounts, type Sample } from './completions.js';
import { type Group, Prefill, promptsAtOnce, type Row, step } from './flights.js';
import { CompiledPlan, type Intervention } from './interventions.js';
import type { ProgramSpec } from './program.js';
import type { Runner } from './runner.js';

export interface ContinuousOptions {
  /** Rows decoded together; further ones wait, first come first served. Defaults to 16. */
  maxRows?: number;
  /**
   * Tokens of prompts whose keys and values are kept, those that were used last: a prompt that begins
   * like one of them is taken in from where they part. Defaults to 0: none are kept.
   */
  keptTokens?: number;
}

/** A prompt that was taken in: a cache of one row. */
interface Kept {
  prefix: readonly number[];
  cache: KvCache;
}

/** Less than this in common is computed anew: to copy it would save nothing. */
const WORTH_COPYING = 16;

/** One call of `generate` and those who wait for it. */
interface Call {
  completions: Completions;
  /** Its edits, with its prompts numbered as in the batch. */
  interventions: readonly Intervention[];
  /** Its prompts of which no edit reaches what is cached. */
  plain: ReadonlySet<number>;
  resolve(samples: Sample[]): void;
  reject(thrown: unknown): void;
}

/**
 * A batch that never closes: calls join while others are decoded, each with its own sampling, edits
 * and stop texts, and leave it when they are finished or cancelled (iteration-level scheduling, Yu et
 * al. 2022, "Orca", section 4). Between two tokens of those who decode, at most one chunk of new
 * prompts is taken in, so that a long prompt does not hold them up.
 *
 * A call's tokens are those it would get alone.
 *
 * @example
 * const batch = model.continuous();
 * const prompt = model.encode({ text: 'int main' });
 * const [cold, hot] = await Promise.all([
 *   batch.generate(prompt, { maxNewTokens: 8 }),
 *   batch.generate(prompt, { maxNewTokens: 8, temperature: 1, seed: 1 }),
 * ]);
 */
export class ContinuousBatch {
  readonly #runner: Runner;
  readonly #codec: TextCodec | undefined;
  readonly #eosIds: readonly number[];
  readonly #maxRows: number;
  readonly #calls = new Map<Row, Call>();
  readonly #keptTokens: number;
  /** The one used last stands last. */
  #kept: Kept[] = [];
  /** Those who are taken in and may share what is kept. */
  #plain: ReadonlySet<Group> = new Set();
  #waiting: Row[] = [];
  #boarding: Prefill | undefined;
  /** The rows of the cache; those that are finished leave their seats free. */
  #seats: Row[] = [];
  #cache: KvCache | undefined;
  #program: ProgramSpec | undefined;
  #hooks: readonly string[] = [];
  #gateHooks: readonly string[] = [];
  #prompts = 0;
  #work: Promise<void> | undefined;

  constructor(
    runner: Runner,
    codec: TextCodec | undefined,
    eosIds: readonly number[],
    options: ContinuousOptions = {},
  ) {
    const { maxRows = 16, keptTokens = 0 } = options;
    checkCounts({ maxRows });
    ensure(keptTokens >= 0, 'BAD_ARGUMENT', `keptTokens must be 0 or more; got ${keptTokens}.`);
    const { rope } = runner.checkpoint.config;
    this.#runner = runner;
    this.#codec = codec;
    this.#eosIds = eosIds;
    this.#maxRows = maxRows;
    // Where rotary frequencies follow the length, what one prompt's cache holds is not what another's would.
    this.#keptTokens = rope && dependsOnLength(rope) ? 0 : keptTokens;
  }

  /** Rows that are decoded or taken in now, and rows that wait for a seat. */
  get load(): { active: number; waiting: number } {
    return { active: this.#calls.size - this.#waiting.length, waiting: this.#waiting.length };
  }

  /** Waits until nothing is computed any more, which may be later than the last call's end. */
  async idle(): Promise<void> {
    await this.#work;
  }

  /**
   * Compiles additions at these hooks, and gates that read at those, into the graph from now on, so that
   * calls which have them come and go without another graph. Elsewhere the first call that edits or
   * reads a hook makes one.
   */
  reserve(hooks: readonly string[], gateHooks: readonly string[] = []): void {
    const { config } = this.#runner.checkpoint;
    this.#plan([], hooks); // throws for a hook that is not there
    this.#gateHooks = gateHooks.flatMap((hook) => matchHooks(hook, config));
    this.#hooks = [...new Set(hooks)];
    this.#program = undefined;
  }

  /**
   * Completes prompts together with what others ask for.
   *
   * @param prompts token ids; `Model.encode` makes them
   * @param options as for `Model.generate`; `eosIds` defaults to the model's end-of-sequence tokens
   * @returns samples in the order (prompt, sample)
   * @throws {SutureError} as `Model.generate`; INTERRUPTED when the signal fires
   */
  async generate(
    prompts: readonly (readonly number[])[],
    options: CompletionOptions = {},
  ): Promise<Sample[]> {
    const { interventions = [], signal, eosIds = this.#eosIds } = options;
    const { config } = this.#runner.checkpoint;
    const own = new CompiledPlan(interventions, config, prompts.length);
    const first = this.#prompts;
    const numbered = interventions.map((edit) => ({
      ...edit,
      rows: (edit.rows ?? [...prompts.keys()]).map((row) => first + row),
    }));
    const complete = { ...options, interventions: numbered, eosIds };
    const completions = new Completions(prompts, complete, this.#codec, own, config, first);
    const plain = new Set(
      prompts.flatMap((ids, i) =>
        own.firstChanged(i, ids.length) < ids.length - 1 ? [] : [first + i],
      ),
    );
    if (signal?.aborted) throw interrupted(signal);
    if (completions.rows.length === 0) return [];
    this.#prompts += prompts.length;

    let cancel = () => {};
    try {
      return await new Promise<Sample[]>((resolve, reject) => {
        const call = { completions, interventions: numbered, plain, resolve, reject };
        cancel = () => this.#drop(call, interrupted(signal));
        signal?.addEventListener('abort', cancel, { once: true });
        for (const row of completions.rows) this.#calls.set(row, call);
        this.#waiting.push(...completions.rows);
        this.#work ??= this.#run();
      });
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Decodes until nobody waits for anything. Never throws: those who wait are told. */
  async #run(): Promise<void> {
    while (this.#calls.size > 0) {
      try {
        await this.#board();
        await this.#step();
      } catch (thrown) {
        for (const call of new Set(this.#calls.values())) this.#drop(call, thrown);
      }
      if (this.#calls.size === 0) await this.#free();
    }
    this.#work = undefined;
  }

  /** Takes in a chunk of the prompts that are next, and seats them when that was the last. */
  async #board(): Promise<void> {
    this.#boarding ??= await this.#callUp();
    const boarding = this.#boarding;
    if (!boarding) return;
    const more = await boarding.next({ runner: this.#runner, program: this.#compiled() });
    const arrived = boarding.groups.flatMap(({ rows }, from) =>
      rows.filter(isLive).map((row) => ({ row, from })),
    );
    if (more && arrived.length > 0) return;
    await this.#seat(boarding, arrived);
    if (!more) await this.#keep(boarding);
    this.#boarding = undefined;
    await boarding.cache.free();
  }

  /** The prompts that wait longest, as many as there are seats and as fit into one pass. */
  async #callUp(): Promise<Prefill | undefined> {
    const room = this.#maxRows - this.#seats.filter(isLive).length;
    const groups = new Map<number, Group>();
    let called = 0;
    let longest = 1;
    for (const row of this.#waiting.slice(0, room)) {
      longest = Math.max(longest, row.ids.length);
      const group = groups.get(row.prompt);
      if (!group && groups.size >= promptsAtOnce(longest)) break;
      if (group) group.rows.push(row);
      else groups.set(row.prompt, { prefix: row.ids.slice(0, -1), rows: [row] });
      called++;
    }
    if (called === 0) return undefined;
    this.#waiting.splice(0, called);
    this.#program = undefined;
    const all = [...groups.values()];
    this.#plain = new Set(all.filter(({ rows: [row] }) => this.#isPlain(row!)));
    const prefill = await Prefill.begin(all, undefined, { runner: this.#runner });
    await this.#recall(prefill);
    return prefill;
  }

  /** Puts in what is kept of prompts that begin alike. */
  async #recall({ groups, cache }: Prefill): Promise<void> {
    for (const [into, group] of groups.entries()) {
      if (!this.#plain.has(group)) continue;
      let best: Kept | undefined;
      let length = WORTH_COPYING - 1;
      for (const kept of this.#kept) {
        const common = commonLength(kept.prefix, group.prefix);
        if (common > length) [best, length] = [kept, common];
      }
      if (!best) continue;
      await cache.assign(best.cache, [{ from: 0, into, length }]);
      this.#kept = [...this.#kept.filter((kept) => kept !== best), best];
    }
  }

  /** Keeps prompts that were taken in, in the place of what they begin with. */
  async #keep({ groups, cache }: Prefill): Promise<void> {
    const { device, checkpoint } = this.#runner;
    for (const [from, group] of groups.entries()) {
      const { prefix } = group;
      const fits = prefix.length >= WORTH_COPYING && prefix.length <= this.#keptTokens;
      if (!fits || !this.#plain.has(group)) continue;
      const known = this.#kept.some((kept) => commonLength(kept.prefix, prefix) === prefix.length);
      if (known) continue;
      const own = await KvCache.allocate(device, checkpoint.config, 1);
      await own.assign(cache, [{ from, into: 0 }]);
      this.#kept.push({ prefix, cache: own });
    }
    const outdated = this.#kept.filter(({ prefix }, i) => {
      const later = this.#kept.slice(i + 1);
      const covered = later.some((kept) => commonLength(kept.prefix, prefix) === prefix.length);
      const tokens = later.reduce((sum, kept) => sum + kept.prefix.length, prefix.length);
      return covered || tokens > this.#keptTokens;
    });
    this.#kept = this.#kept.filter((kept) => !outdated.includes(kept));
    for (const kept of outdated) await kept.cache.free();
  }

  #isPlain(row: Row): boolean {
    return this.#calls.get(row)!.plain.has(row.prompt);
  }

  /** Gives rows that have arrived the free seats where these are just enough, and new ones otherwise. */
  async #seat({ cache }: Prefill, arrived: readonly { row: Row; from: number }[]): Promise<void> {
    if (arrived.length === 0) return;
    const { device, checkpoint } = this.#runner;
    const free = this.#seats.flatMap((row, i) => (isLive(row) ? [] : [i]));
    let at: readonly number[] = free;
    if (free.length !== arrived.length) {
      const live = this.#seats.flatMap((row, i) => (isLive(row) ? [i] : []));
      at = arrived.map((_, i) => live.length + i);
      await this.#cache?.select([...live, ...at.map(() => 0)]);
      this.#cache ??= await KvCache.allocate(device, checkpoint.config, arrived.length);
      this.#seats = live.map((i) => this.#seats[i]!);
    }
    const pairs = arrived.map(({ from }, i) => ({ from, into: at[i]! }));
    await this.#cache!.assign(cache, pairs);
    for (const [i, { row }] of arrived.entries()) this.#seats[at[i]!] = row;
  }

  /** One more token for each row that has a seat. */
  async #step(): Promise<void> {
    const live = this.#seats.flatMap((row, i) => (isLive(row) ? [i] : []));
    if (!this.#cache || live.length === 0) return;
    // Free seats are kept for those who wait, or until they are half: moving the rest costs more.
    if (this.#waiting.length === 0 && !this.#boarding && live.length <= this.#seats.length / 2) {
      await this.#cache.select(live);
      this.#seats = live.map((i) => this.#seats[i]!);
    }
    await step(this.#seats, this.#cache, {
      runner: this.#runner,
      program: this.#compiled(),
      next: (row, logits) => this.#next(row, logits),
      ask: (row, state) => {
        this.#attempt(row, (completions) => completions.ask(row, state));
      },
    });
  }

  /** Does what may fail by the caller's fault: that ends the call. @returns the call, where it goes on */
  #attempt(row: Row, work: (completions: Completions) => void): Call | undefined {
    const call = this.#calls.get(row);
    if (!call) return undefined; // another of its rows has failed
    try {
      work(call.completions);
      return call;
    } catch (thrown) {
      this.#drop(call, thrown); // its edit was too strong, or a callback failed
      return undefined;
    }
  }

  #next(row: Row, logits: Float32Array): void {
    const call = this.#attempt(row, (completions) => completions.next(row, logits));
    if (!call || !row.finishReason) return;
    this.#calls.delete(row);
    this.#program = undefined;
    const { completions } = call;
    if (completions.finished === completions.rows.length) call.resolve(completions.samples());
  }

  /** Ends a call: its rows wait no more, and their seats are free. */
  #drop(call: Call, reason: unknown): void {
    for (const row of call.completions.rows) {
      row.finishReason ??= 'cancelled';
      this.#calls.delete(row);
    }
    this.#waiting = this.#waiting.filter(isLive);
    this.#program = undefined;
    call.reject(reason);
  }

  /** The graph for all whose prompts are taken in or decoded. */
  #compiled(): ProgramSpec {
    const rows = [...this.#seats, ...(this.#boarding?.groups.flatMap((group) => group.rows) ?? [])];
    const calls = new Set(rows.flatMap((row) => this.#calls.get(row) ?? []));
    const read = [...calls].flatMap((call) => call.completions.hooks);
    this.#program ??= {
      plan: this.#plan(
        [...calls].flatMap((call) => call.interventions),
        this.#hooks,
      ),
      capture: [...new Set([...this.#gateHooks, ...read])].sort(),
      adapter: undefined,
    };
    return this.#program;
  }

  #plan(interventions: readonly Intervention[], hooks: readonly string[]): CompiledPlan {
    const { config } = this.#runner.checkpoint;
    const vector = new Float32Array(config.dModel);
    const reserved = hooks.map(
      (hook): Intervention => ({ hook, op: 'add', vector, positions: 'generated', rows: [] }),
    );
    return new CompiledPlan([...reserved, ...interventions], config, this.#prompts);
  }

  async #free(): Promise<void> {
    const caches = [this.#cache, this.#boarding?.cache];
    this.#cache = undefined;
    this.#boarding = undefined;
    this.#seats = [];
    // An engine that has failed frees nothing any more, and has told so.
    for (const cache of caches) await cache?.free().catch(() => {});
  }
}

/** How many tokens both begin with. */
function commonLength(a: readonly number[], b: readonly number[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return length;
}

const isLive = ({ finishReason }: Row): boolean => finishReason === undefined;

const interrupted = (signal: AbortSignal | undefined): SutureError =>
  new SutureError('INTERRUPTED', 'Interrupted.', { cause: signal?.reason });
