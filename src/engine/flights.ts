import { groupBy, type Random, SutureError } from '../core/index.js';
import { dependsOnLength, type ModelConfig, outdates } from '../models/index.js';
import type { Tensor } from '../tensor/index.js';
import type { IncrementalDecoder, StopMatcher } from '../text/index.js';
import { freeTrunk, KvCache, type Trunk } from './cache.js';
import { isAsked, type RowGate } from './gate.js';
import type { CompiledPlan, Intervention } from './interventions.js';
import type { TokenLogprob, Watch } from './logits.js';
import type { ProgramSpec } from './program.js';
import type { Runner, Step } from './runner.js';

/** One completion on its way. */
export interface Row {
  prompt: number;
  sample: number;
  /** The prompt's token ids. */
  ids: readonly number[];
  tokens: number[];
  text: string;
  logprobs: TokenLogprob[];
  random: Random;
  decoder: IncrementalDecoder | undefined;
  stop: StopMatcher | undefined;
  /** Interventions that end with the text, and from which position they have. */
  ended: Map<Intervention, number>;
  /** What decides which interventions act. */
  gate: RowGate | undefined;
  /** Interventions that its gate has turned off. */
  off: ReadonlySet<Intervention>;
  /** How many tokens the pieces of text that were handed on are made of. */
  told: number;
  /** Most tokens it may have. */
  room: number;
  /** `cancelled`: nobody waits for it any more. */
  finishReason: 'eos' | 'stop' | 'length' | 'cancelled' | undefined;
}

/** What tokens are computed and chosen with. */
export interface Stepping {
  runner: Runner;
  program: ProgramSpec;
  /** What stands before every prompt. Defaults to nothing. */
  prefix?: KvCache | undefined;
  /** Sees what the program, which captures its hooks, computes for each row. */
  watch?: Watch | undefined;
  /** Takes in the logits [vocab] after a row's last token: adds a token, and may finish the row. */
  next(row: Row, logits: Float32Array): void;
  /** Asks a row's gate which of its interventions are off, by the state [d_model] at its last token. */
  ask(row: Row, state: Float32Array): void;
}

/** What every flight is flown with. */
export interface Decoding extends Stepping {
  maxBatch: number;
  signal: AbortSignal | undefined;
  /** Called after each step of a batch. */
  onStep(): void;
}

/** Rows whose prompts have the same cache up to the last token. */
export interface Group {
  /** The prompt without its last token, which the first decoding step takes in. */
  prefix: readonly number[];
  rows: Row[];
}

interface FlightGroup extends Group {
  /** How much of the prefix no intervention reaches, so that others that begin with it can share it. */
  untouched: number;
}

/** Rows that are decoded together, over a trunk of prompt tokens that all of them begin with. */
export interface Flight {
  /** In the order in which they join: those of one group after each other. */
  groups: readonly Group[];
  trunkLength: number;
}

/** So many rows with one untouched beginning are decoded on their own, with all of it as their trunk. */
const ROWS_FOR_A_TRUNK = 16;

/** Tokens of one row, and of all rows together, that one run takes in: bounds its memory. */
const CHUNK = 512;
const PREFILL_TOKENS = 4096;

/** How many prompts of at most so many tokens are taken in side by side. */
export const promptsAtOnce = (longest: number): number =>
  Math.ceil(PREFILL_TOKENS / Math.min(CHUNK, longest));

/**
 * Sorts rows into flights, so that what prompts have in common is computed once and stored once.
 * Rows that many share the whole of their untouched beginning with are a flight of their own: samples
 * of one prompt, or edits of it from the same token on. The others fly together over what all begin with.
 */
export function planFlights(
  rows: readonly Row[],
  plan: CompiledPlan,
  { rope }: Pick<ModelConfig, 'rope'>,
  maxBatch: number,
): Flight[] {
  const groups = new Map<string, FlightGroup>();
  for (const row of rows) {
    const prefix = row.ids.slice(0, -1);
    const untouched = Math.min(prefix.length, plan.firstChanged(row.prompt, row.ids.length));
    const key = `${untouched < prefix.length ? row.prompt : ''}:${prefix.join()}`;
    const group = groups.get(key) ?? { prefix, untouched, rows: [] };
    group.rows.push(row);
    groups.set(key, group);
  }
  // Rows of like length together waste the fewest cache slots.
  const sorted = [...groups.values()].sort((a, b) => a.prefix.length - b.prefix.length);
  const isLarge = (some: readonly FlightGroup[]) =>
    some.reduce((sum, group) => sum + group.rows.length, 0) >= Math.min(ROWS_FOR_A_TRUNK, maxBatch);
  const alone = sorted.filter((group) => isLarge([group]));
  const others = sorted.filter((group) => !isLarge([group]));
  const kin = [
    ...groupBy(others, ({ prefix, untouched }) => prefix.slice(0, untouched).join()).values(),
  ].filter(isLarge);
  const together = others.filter((group) => !kin.some((some) => some.includes(group)));
  return [...alone.map((group) => [group]), ...kin, together]
    .filter((some) => some.length > 0)
    .map((some) => ({ groups: some, trunkLength: trunkLength(some, rope) }));
}

/** How many tokens all groups begin with and may share. */
function trunkLength(groups: readonly FlightGroup[], rope: ModelConfig['rope']): number {
  if (groups.some((group) => outgrows(group, rope))) return 0;
  const [first, ...rest] = groups;
  if (rest.length === 0) return first!.prefix.length;
  // Where rotary frequencies follow the prompt's length, what one prompt's cache holds is not what another's would.
  if (rope && dependsOnLength(rope)) return 0;
  let length = Math.min(...groups.map(({ untouched }) => untouched));
  for (const { prefix } of rest) {
    for (let i = 0; i < length; i++) if (prefix[i] !== first!.prefix[i]) length = i;
  }
  return length;
}

/** Whether a row may become so long that its first keys must be computed anew. */
const outgrows = ({ rows }: Group, rope: ModelConfig['rope']): boolean =>
  rows.some(({ ids, room }) => rope && outdates(rope, ids.length, ids.length + room));

/** Decodes all rows of a flight; rows that end are replaced by waiting ones. */
export async function fly({ groups, trunkLength }: Flight, decoding: Decoding): Promise<void> {
  const { runner, prefix } = decoding;
  const { device, checkpoint } = runner;
  const waiting = new Waiting(groups, decoding);
  const trunk = trunkLength > 0 ? await makeTrunk(groups[0]!, trunkLength, decoding) : undefined;
  let cache: KvCache | undefined;
  let active: Row[] = [];
  try {
    while (true) {
      const free = active.flatMap((row, i) => (row.finishReason ? [i] : []));
      if (!cache || shouldJoin(free.length, active.length, waiting.rows)) {
        const seats = Math.min(waiting.rows, cache ? free.length : decoding.maxBatch);
        cache ??= await KvCache.allocate(device, checkpoint.config, seats, trunk, prefix);
        const at = active.length === 0 ? [...Array(seats).keys()] : free.slice(0, seats);
        const joined = await waiting.board(cache, at, trunk);
        for (const [i, row] of joined.entries()) active[at[i]!] = row;
      } else if (free.length === active.length) {
        return;
      } else if (waiting.rows === 0 && free.length >= active.length / 2) {
        // Finished rows are carried along until they are half of the batch: moving the rest costs more.
        const left = active.flatMap((row, i) => (row.finishReason ? [] : [i]));
        await cache.select(left);
        active = left.map((i) => active[i]!);
      }
      throwIfAborted(decoding.signal);
      await step(active, cache, decoding);
      decoding.onStep();
    }
  } finally {
    await waiting.free();
    await cache?.free();
    if (trunk) await freeTrunk(device, trunk);
  }
}

/**
 * Decodes one more token of each row of a cache; those that are finished are carried along.
 *
 * A gate is asked on the way: its row is computed without edits, which is all where none is to act.
 * Where one is, the token is taken back and computed once more.
 */
export async function step(
  rows: readonly Row[],
  cache: KvCache,
  stepping: Stepping,
): Promise<void> {
  const { runner, program, watch, next, ask } = stepping;
  const { rope } = runner.checkpoint.config;
  const asked = rows.filter(isAsked);
  for (const row of asked) row.off = new Set(row.gate!.edits);
  const hooks = [...new Set([...asked.map(({ gate }) => gate!.hook), ...(watch?.hooks ?? [])])];
  const decode = async () => {
    const [logits, ...states] = await runner.run(program, {
      tokens: rows.map((row) => [row.tokens.at(-1) ?? row.ids.at(-1)!]),
      prompts: rows.map((row) => row.prompt),
      promptLengths: rows.map((row) => row.ids.length),
      past: cache,
      into: { cache, rows: [...rows.keys()] },
      ended: rows.map(endedOf),
      logitRows: [...rows.keys()],
      fetch: ['logits', ...hooks],
    });
    return { logits, states: new Map(hooks.map((hook, i) => [hook, states[i]!])) };
  };
  let { logits, states } = await decode();
  for (const row of asked)
    ask(row, stateOf(states.get(row.gate!.hook)!, rows.indexOf(row)).slice());
  if (asked.some(({ gate, off }) => off.size < gate!.edits.length)) {
    cache.takeBack();
    ({ logits, states } = await decode());
  }
  await watch?.look(
    rows.flatMap((context, i) => {
      const own = watch.hooks.map((hook) => stateOf(states.get(hook)!, i));
      return context.finishReason ? [] : [{ context, states: own }];
    }),
  );
  const vocab = logits!.dims[1]!;
  for (const [i, row] of rows.entries()) {
    if (row.finishReason) continue;
    next(row, logits!.data.subarray(i * vocab, (i + 1) * vocab));
    const length = row.ids.length + row.tokens.length;
    const outdated = rope && outdates(rope, length - 1, length);
    if (outdated && !row.finishReason) await renew(row, cache, i, stepping);
  }
}

/** What a hook has of one row: [d_model]. @param state [rows, ..., d_model] */
function stateOf({ dims, data }: Tensor, row: number): Float32Array {
  const d = dims.at(-1)!;
  return data.subarray(row * d, (row + 1) * d);
}

/** From which position a row's edits have ended: those that are off, from the first. */
const endedOf = ({ ended, off }: Row): ReadonlyMap<Intervention, number> =>
  off.size === 0 ? ended : new Map([...ended, ...[...off].map((edit) => [edit, 0] as const)]);

/** Rows wait until an eighth of the seats is free, so that they are prefilled together. */
const shouldJoin = (free: number, seats: number, waiting: number): boolean =>
  waiting > 0 && free > 0 && (free >= seats / 8 || free >= waiting);

/** The rows of a flight that have no seat yet. */
class Waiting {
  readonly #decoding: Decoding;
  readonly #queue: { row: Row; group: Group }[];
  /** The prompts that were computed last: rows of one of them may still be waiting. */
  #last: Prefill | undefined;

  constructor(groups: readonly Group[], decoding: Decoding) {
    this.#decoding = decoding;
    this.#queue = groups.flatMap((group) => group.rows.map((row) => ({ row, group })));
  }

  get rows(): number {
    return this.#queue.length;
  }

  /** Seats the next rows: the cache's rows `seats` become their prompts'. */
  async board(cache: KvCache, seats: readonly number[], trunk: Trunk | undefined): Promise<Row[]> {
    const boarding = this.#queue.splice(0, seats.length);
    const groups = [...new Set(boarding.map(({ group }) => group))];
    const seat = async (from: Prefill) =>
      cache.assign(
        from.cache,
        boarding.flatMap(({ group }, i) => {
          const index = from.groups.indexOf(group);
          return index < 0 ? [] : [{ from: index, into: seats[i]! }];
        }),
      );
    const fresh = groups.filter((group) => !this.#last?.groups.includes(group));
    if (this.#last && fresh.length < groups.length) await seat(this.#last);
    while (fresh.length > 0) {
      await this.free();
      const longest = Math.max(...fresh.map(({ prefix }) => prefix.length));
      const some = fresh.splice(0, promptsAtOnce(longest + 1));
      this.#last = await prefill(some, trunk, this.#decoding);
      await seat(this.#last);
    }
    return boarding.map(({ row }) => row);
  }

  async free(): Promise<void> {
    await this.#last?.cache.free();
    this.#last = undefined;
  }
}

/** The first `length` tokens of a group's prompt, seen once for all rows. */
async function makeTrunk(group: Group, length: number, decoding: Decoding): Promise<Trunk> {
  const first = { ...group, prefix: group.prefix.slice(0, length) };
  const { cache } = await prefill([first], undefined, decoding);
  return cache.intoTrunk();
}

/**
 * Prompts on their way into a cache, as far as they are not in it yet: row i is that of groups[i]. They are taken in by chunks, so that memory does not grow with the square of their length.
 */
export class Prefill {
  readonly groups: readonly Group[];
  readonly cache: KvCache;

  private constructor(groups: readonly Group[], cache: KvCache) {
    this.groups = groups;
    this.cache = cache;
  }

  static async begin(
    groups: readonly Group[],
    trunk: Trunk | undefined,
    { runner, prefix }: Pick<Stepping, 'runner' | 'prefix'>,
  ) {
    const { device, checkpoint } = runner;
    return new Prefill(
      groups,
      await KvCache.allocate(device, checkpoint.config, groups.length, trunk, prefix),
    );
  }

  /** Takes in the next chunk. @returns whether there was one */
  next(stepping: Pick<Stepping, 'runner' | 'program'>): Promise<boolean> {
    const first = this.groups.map(({ rows }) => rows[0]!);
    return takeIn(
      this.groups.map(({ prefix }) => prefix),
      this.cache,
      stepping,
      {
        prompts: first.map(({ prompt }) => prompt),
        promptLengths: first.map(({ ids }) => ids.length),
        ended: first.map(endedOf),
      },
    );
  }
}

/**
 * Takes in the next chunk of sequences that are still to get one token more: row i of the cache is that of `prefixes[i]`.
 *
 * @param edited what interventions must know of the rows, where there are any
 * @returns whether there was one
 */
export async function takeIn(
  prefixes: readonly (readonly number[])[],
  cache: KvCache,
  { runner, program }: Pick<Stepping, 'runner' | 'program'>,
  edited?: Pick<Step, 'prompts' | 'promptLengths' | 'ended'>,
): Promise<boolean> {
  const { lengths } = cache;
  const tokens = prefixes.map((ids, i) => ids.slice(lengths[i]!, lengths[i]! + CHUNK));
  if (tokens.every((ids) => ids.length === 0)) return false;
  const lengthsThen = prefixes.map((ids) => ids.length + 1);
  await runner.run(program, {
    tokens,
    prompts: prefixes.map(() => 0),
    promptLengths: lengthsThen,
    ...edited,
    past: cache,
    into: { cache, rows: [...prefixes.keys()] },
    lengths: lengthsThen,
    logitRows: [],
    fetch: [],
  });
  return true;
}

/** Takes in prompts whole. */
async function prefill(
  groups: readonly Group[],
  trunk: Trunk | undefined,
  decoding: Pick<Decoding, 'runner' | 'program' | 'prefix'> & Partial<Pick<Decoding, 'signal'>>,
): Promise<Prefill> {
  const whole = await Prefill.begin(groups, trunk, decoding);
  try {
    do throwIfAborted(decoding.signal);
    while (await whole.next(decoding));
    return whole;
  } catch (thrown) {
    await whole.cache.free();
    throw thrown;
  }
}

/** Computes what the cache holds of a row anew: all it has but its last token. */
async function renew(row: Row, cache: KvCache, seat: number, stepping: Stepping): Promise<void> {
  const prefix = [...row.ids, ...row.tokens].slice(0, -1);
  const renewed = await prefill([{ prefix, rows: [row] }], undefined, stepping);
  await cache.assign(renewed.cache, [{ from: 0, into: seat }]);
  await renewed.cache.free();
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new SutureError('INTERRUPTED', 'Interrupted.', { cause: signal.reason });
}
