import { totalmem } from 'node:os';
import { RotaryTables } from '../models/index.js';
import type { Tensor } from '../tensor/index.js';
import { emptyPast, type KvCache } from './cache.js';
import { captureFeeds } from './capture.js';
import type { Checkpoint } from './checkpoint.js';
import type { Device } from './device.js';
import type { Intervention } from './interventions.js';
import { buildProgram, type GraphOptions, type ProgramSpec } from './program.js';

/**
 * Graphs of one model that are kept ready. Each holds a copy of the weights, packed for speed: large
 * models keep fewer, so that together they take no more than half of the machine's memory.
 */
const KEPT_PROGRAMS = 4;
const SHARE_OF_MEMORY = 0.5;

/** One call of a program: rows of new tokens, right-padded to one length. */
export interface Step {
  /** [b][<= s] */
  tokens: readonly (readonly number[])[];
  /** For interventions: the prompt each row belongs to, and how long that prompt is. */
  prompts: readonly number[];
  promptLengths: readonly number[];
  /** What the rows continue: all rows of this cache; nothing when absent. */
  past?: KvCache;
  /** For each row how long its sequence will be when these and the tokens that are known to follow are seen. Defaults to these being the last. */
  lengths?: readonly number[];
  /** Where new keys and values go: into these rows of this cache. */
  into?: { cache: KvCache; rows: readonly number[] };
  /** For interventions: for each row, the positions from which some have ended. */
  ended?: readonly ReadonlyMap<Intervention, number>[];
  /** Which of the flattened [b * s] positions get logits. */
  logitRows: readonly number[];
  /** For programs that capture at chosen positions: those of each row, flattened, equally many. */
  taken?: readonly (readonly number[])[];
  /** Outputs to be returned. */
  fetch: readonly string[];
}

/** Runs a model's graphs, and keeps those that were used last. */
export class Runner {
  readonly device: Device;
  readonly checkpoint: Checkpoint;
  readonly #sessions = new Map<string, Promise<number>>();
  readonly #rotary: RotaryTables | undefined;
  readonly #kept: number;

  constructor(device: Device, checkpoint: Checkpoint) {
    this.device = device;
    this.checkpoint = checkpoint;
    const { rope } = checkpoint.config;
    this.#rotary = rope && new RotaryTables(rope);
    const room = Math.floor((SHARE_OF_MEMORY * totalmem()) / bytesOf(checkpoint));
    this.#kept = Math.max(1, Math.min(KEPT_PROGRAMS, room));
  }

  /** Runs one step; returns the fetched outputs in their order. */
  async run(program: ProgramSpec, step: Step): Promise<Tensor[]> {
    const { config } = this.checkpoint;
    const rows = step.tokens.length;
    const s = Math.max(...step.tokens.map((row) => row.length));
    const starts = step.tokens.map((_, row) => step.past?.lengths[row] ?? 0);
    const before = step.past?.prefixLength ?? 0;
    const tokens = new BigInt64Array(rows * s);
    const positions = new BigInt64Array(rows * s);
    // Padding goes on counting, but not beyond the positions that there are embeddings for.
    const last = config.rope ? Number.POSITIVE_INFINITY : config.maxPositions - 1;
    for (const [row, ids] of step.tokens.entries()) {
      for (let j = 0; j < s; j++) {
        tokens[row * s + j] = BigInt(ids[j] ?? 0);
        positions[row * s + j] = BigInt(Math.min(before + starts[row]! + j, last));
      }
    }
    const { prompts, promptLengths, logitRows } = step;
    const { ended } = step;
    const shape = { prompts, promptLengths, starts, length: s, logitRows, ...(ended && { ended }) };
    const feeds = {
      ...(step.past ? step.past.feeds() : emptyPast(this.device, config, rows)),
      ...program.plan.feeds(shape),
      tokens: { dtype: 'i64', dims: [rows, s], data: tokens },
      positions: { dtype: 'i64', dims: [rows, s], data: positions },
      ...this.#rotaryFeeds(positions, step, starts),
      ...(step.taken && captureFeeds(program.capture, step.taken, s, config)),
      logit_rows: {
        dtype: 'i64',
        dims: [logitRows.length],
        data: BigInt64Array.from(logitRows, (row) => BigInt(row)),
      },
    } as const;
    const counts = step.tokens.map((ids) => ids.length);
    const appends = step.into ? step.into.cache.append(step.into.rows, counts) : [];
    const session = await this.#programSession(program);
    return this.device.run(session, feeds, { fetch: step.fetch, appends });
  }

  #programSession(program: ProgramSpec): Promise<number> {
    const { plan, capture, chosen = false, capturesOnly = false, adapter } = program;
    const key = JSON.stringify([plan.structure, capture, chosen, capturesOnly, adapter?.hash]);
    return this.session(key, (options) => buildProgram(this.checkpoint, program, options));
  }

  /**
   * The session of a graph, made where it is not there. It may be unloaded as soon as others are
   * asked for: the device does one request after the other, so use it at once.
   *
   * @param key tells the graph from all others of this model
   */
  session(key: string, build: (options: GraphOptions) => Uint8Array): Promise<number> {
    const known = this.#sessions.get(key);
    this.#sessions.delete(key);
    if (!known) this.#makeRoom();
    const session = known ?? this.#load(key, build);
    this.#sessions.set(key, session); // now the last used
    return session;
  }

  /** Unloads what was used longest ago, so that there is room for one more. */
  #makeRoom(): void {
    for (const [oldest, old] of this.#sessions) {
      if (this.#sessions.size < this.#kept) return;
      this.#sessions.delete(oldest);
      // A session that was never made need not be unloaded, and nobody waits for the others.
      old.then((id) => this.device.unload(id)).catch(() => {});
    }
  }

  #load(key: string, build: (options: GraphOptions) => Uint8Array): Promise<number> {
    const standardProducts = this.device.provider !== 'cpu';
    const session = this.device.load(build({ standardProducts }));
    session.catch(() => this.#sessions.delete(key)); // to be tried again
    return session;
  }

  /** Each token's cosines and sines, and which are whose. */
  #rotaryFeeds(positions: BigInt64Array, step: Step, starts: readonly number[]) {
    if (!this.#rotary) return {};
    const rows = step.tokens.length;
    const s = positions.length / rows;
    const lengths = step.tokens.map((ids, row) => step.lengths?.[row] ?? starts[row]! + ids.length);
    const { cos, sin } = this.#rotary.rows(
      Array.from(positions, Number),
      Array.from(positions, (_, i) => lengths[Math.floor(i / s)]!),
    );
    const each = BigInt64Array.from(positions, (_, i) => BigInt(i));
    return {
      cos: { dtype: 'f32', ...cos },
      sin: { dtype: 'f32', ...sin },
      rotary_rows: { dtype: 'i64', dims: [rows, s], data: each },
    } as const;
  }
}

/** Bytes of a checkpoint's weights in its precision. */
function bytesOf({ weights, matrices }: Checkpoint): number {
  const parts = [...matrices.values()].flatMap(({ factor, table }) =>
    [factor, table].flatMap((matrix) => [matrix?.codes, matrix?.scales, matrix?.zeros]),
  );
  const entries = [...weights.values(), ...parts];
  return entries.reduce((sum, entry) => sum + (entry?.byteLength ?? 0), 0);
}
