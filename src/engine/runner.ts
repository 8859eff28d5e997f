import { rotaryTables } from '../models/index.js';
import type { Tensor } from '../tensor/index.js';
import type { Adapter } from './adapter.js';
import { emptyPast, type KvCache } from './cache.js';
import type { Checkpoint } from './checkpoint.js';
import type { Device } from './device.js';
import type { CompiledPlan } from './interventions.js';
import { buildProgram } from './program.js';

/** Graphs of one model that are kept ready; each holds a copy of the weights, packed for speed. */
const KEPT_PROGRAMS = 4;

/** A graph that is loaded: one structure of captures, interventions and adapter. */
export interface Program {
  session: number;
  plan: CompiledPlan;
}

/** One call of a program: rows of new tokens, right-padded to one length. */
export interface Step {
  /** [b][<= s] */
  tokens: readonly (readonly number[])[];
  /** For interventions: the prompt each row belongs to, and how long that prompt is. */
  prompts: readonly number[];
  promptLengths: readonly number[];
  /** What the rows continue: these rows of this cache; nothing when absent. */
  past?: KvCache;
  /** Where new keys and values go: into these rows of this cache. */
  into?: { cache: KvCache; rows: readonly number[] };
  /** Which of the flattened [b * s] positions get logits. */
  logitRows: readonly number[];
  /** Outputs to be returned. */
  fetch: readonly string[];
}

/** Runs a model's graphs, and keeps those that were used last. */
export class Runner {
  readonly device: Device;
  readonly checkpoint: Checkpoint;
  readonly #programs = new Map<string, Promise<number>>();
  #tablePositions = 0;

  constructor(device: Device, checkpoint: Checkpoint) {
    this.device = device;
    this.checkpoint = checkpoint;
  }

  /** The program of a structure; graphs are built once and the last few are kept. */
  async program(
    plan: CompiledPlan,
    capture: readonly string[],
    adapter: Adapter | undefined,
  ): Promise<Program> {
    const key = JSON.stringify([plan.structure, capture, adapter?.hash]);
    let session = this.#programs.get(key);
    this.#programs.delete(key);
    session ??= this.device.load(buildProgram(this.checkpoint, { plan, capture, adapter }));
    this.#programs.set(key, session);
    for (const [oldest, old] of this.#programs) {
      if (this.#programs.size <= KEPT_PROGRAMS) break;
      this.#programs.delete(oldest);
      await this.device.unload(await old);
    }
    return { session: await session, plan };
  }

  /** Runs one step; returns the fetched outputs in their order. */
  async run({ session, plan }: Program, step: Step): Promise<Tensor[]> {
    const { config } = this.checkpoint;
    const rows = step.tokens.length;
    const s = Math.max(...step.tokens.map((row) => row.length));
    const starts = step.tokens.map((_, row) => step.past?.lengths[row] ?? 0);
    const tokens = new BigInt64Array(rows * s);
    const positions = new BigInt64Array(rows * s);
    for (const [row, ids] of step.tokens.entries()) {
      for (let j = 0; j < s; j++) {
        tokens[row * s + j] = BigInt(ids[j] ?? 0);
        positions[row * s + j] = BigInt(starts[row]! + j);
      }
    }
    await this.#extendTables(Math.max(...starts) + s);
    const shape = { prompts: step.prompts, promptLengths: step.promptLengths, starts, length: s };
    const feeds = {
      ...(step.past ? step.past.feeds() : emptyPast(config, rows)),
      ...plan.feeds(shape),
      tokens: { dtype: 'i64', dims: [rows, s], data: tokens },
      positions: { dtype: 'i64', dims: [rows, s], data: positions },
      cos: { buffer: 'rope.cos' },
      sin: { buffer: 'rope.sin' },
      logit_rows: {
        dtype: 'i64',
        dims: [step.logitRows.length],
        data: BigInt64Array.from(step.logitRows, (row) => BigInt(row)),
      },
    } as const;
    const counts = step.tokens.map((ids) => ids.length);
    const appends = step.into ? step.into.cache.append(step.into.rows, counts) : [];
    return this.device.run(session, feeds, { fetch: step.fetch, appends });
  }

  /** Rotary tables in the device, long enough for `positions`. */
  async #extendTables(positions: number): Promise<void> {
    if (positions <= this.#tablePositions) return;
    const { rope, headDim } = this.checkpoint.config;
    this.#tablePositions = Math.max(256, 2 * positions);
    const { cos, sin } = rotaryTables(rope, headDim, this.#tablePositions);
    await this.device.put('rope.cos', { dtype: 'f32', ...cos });
    await this.device.put('rope.sin', { dtype: 'f32', ...sin });
  }
}
