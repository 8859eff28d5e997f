import { closeSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileError, SutureError } from '../../core/index.js';
import { largest, type Model } from '../../engine/index.js';
import { logProbabilities } from '../../stats/index.js';
import { f16ToF32, f32ToF16 } from '../../tensor/index.js';

/** Where states are taken: positions of a sequence, in ascending order. */
export interface Wanted {
  ids: readonly number[];
  positions: readonly number[];
  /** Those of the positions at which it is told as well what the model would write next. */
  weighed: ReadonlySet<number>;
}

/** What the model would write next at a place: its most probable tokens, and their log-probabilities. */
export interface Candidates {
  tokens: readonly number[];
  logProbabilities: readonly number[];
}

/**
 * Residual streams at chosen positions, read once from a model and kept in a file: each brought to root mean square 1
 * and stored in float16. A position's streams are read back on their own, so that a file may be larger than memory.
 */
export class StateFile {
  readonly #file: number;
  /** Numbers of one position. */
  readonly #width: number;
  readonly #buffer: Uint16Array;

  private constructor(path: string, width: number) {
    try {
      this.#file = openSync(path, 'r');
    } catch (thrown) {
      throw fileError(thrown, 'read', path);
    }
    this.#width = width;
    this.#buffer = new Uint16Array(width);
  }

  /**
   * Reads sequences through the model, each once, and writes what is wanted of them, in order.
   *
   * @param options.hooks residual streams, [d_model] each
   * @param options.candidates how many of the most probable tokens are told
   * @param options.onProgress called with how many sequences are read
   * @returns the file, and for each of its positions what the model would write next, where that was asked for
   * @throws {SutureError} DISK, INTERRUPTED; as `Model.forward`
   */
  static async write(
    path: string,
    model: Model,
    sequences: readonly Wanted[],
    options: {
      hooks: readonly string[];
      candidates: number;
      adapter: string | undefined;
      signal?: AbortSignal | undefined;
      onProgress?: ((done: number) => void) | undefined;
    },
  ): Promise<{ states: StateFile; candidates: (Candidates | undefined)[] }> {
    const { hooks, candidates: most, adapter, signal, onProgress } = options;
    const { dModel: d } = model;
    const { vocabSize } = model.config;
    const unfinished = `${path}.${process.pid}.tmp`;
    const candidates: (Candidates | undefined)[] = [];
    let file: number | undefined;
    try {
      mkdirSync(dirname(path), { recursive: true });
      file = openSync(unfinished, 'w');
      for (const [number, { ids, positions, weighed }] of sequences.entries()) {
        if (signal?.aborted) {
          throw new SutureError('INTERRUPTED', 'Interrupted.', { cause: signal.reason });
        }
        const asked = positions.filter((position) => weighed.has(position));
        const { cache, logits } = await model.forward([ids], {
          capture: hooks,
          positions,
          logits: asked,
          adapter,
        });
        const streams = new Float32Array(positions.length * hooks.length * d);
        for (const [layer, hook] of hooks.entries()) {
          const { data } = cache.get(hook)!;
          for (let i = 0; i < positions.length; i++) {
            const stream = unit(data.subarray(i * d, (i + 1) * d));
            streams.set(stream, (i * hooks.length + layer) * d);
          }
        }
        writeSync(file, f32ToF16(streams));
        let row = 0;
        for (const position of positions) {
          if (!weighed.has(position)) candidates.push(undefined);
          else {
            const own = logits.data.subarray(row * vocabSize, ++row * vocabSize);
            const likely = logProbabilities(own);
            const tokens = largest(own, most);
            candidates.push({ tokens, logProbabilities: tokens.map((token) => likely[token]!) });
          }
        }
        onProgress?.(number + 1);
      }
      closeSync(file);
      file = undefined;
      renameSync(unfinished, path);
    } catch (thrown) {
      if (file !== undefined) closeSync(file);
      rmSync(unfinished, { force: true });
      throw fileError(thrown, 'write', path);
    }
    return { states: new StateFile(path, hooks.length * d), candidates };
  }

  /** The streams of positions, by their number in the file: [n, layers * d_model]. */
  read(numbers: readonly number[]): Float32Array {
    const all = new Float32Array(numbers.length * this.#width);
    const bytes = new Uint8Array(this.#buffer.buffer);
    for (const [i, number] of numbers.entries()) {
      readSync(this.#file, bytes, 0, bytes.length, number * bytes.length);
      all.set(f16ToF32(this.#buffer), i * this.#width);
    }
    return all;
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** @returns x at root mean square 1; what is all zero stays so */
function unit(x: Float32Array): Float32Array {
  let sum = 0;
  for (const value of x) sum += value * value;
  const factor = sum === 0 ? 0 : Math.sqrt(x.length / sum);
  return x.map((value) => value * factor);
}
