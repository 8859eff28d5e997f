import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { messageOf, SutureError } from '../../core/index.js';
import { type Format, type Quantised, quantiseRows } from './rounding.js';

export interface Task {
  id: number;
  /** [rows, k] */
  values: Float32Array;
  k: number;
  format: Format;
}

interface Waiting {
  resolve(result: Quantised | undefined): void;
  reject(thrown: unknown): void;
}

/** For fewer weights than this, starting threads takes longer than they save. */
const FEW = 8e6;

/** Threads that round weights. */
export class Rounders {
  readonly #workers: Worker[];
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  /** @param weights how many there will be in all: for few of them the caller's own thread will do */
  constructor(weights: number) {
    const count = weights < FEW ? 0 : Math.min(availableParallelism(), 8);
    this.#workers = Array.from({ length: count }, () => this.#start());
  }

  /** Pieces that should be on their way at a time, so that no thread is ever idle. */
  get width(): number {
    return Math.max(1, 2 * this.#workers.length);
  }

  /** Rounds rows of k weights; `values` is gone afterwards. See `quantiseRows`. */
  round(
    values: Float32Array<ArrayBuffer>,
    k: number,
    format: Format,
  ): Promise<Quantised | undefined> {
    const id = this.#next++;
    const worker = this.#workers[id % this.#workers.length];
    if (!worker) return Promise.resolve(quantiseRows(values, k, format));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ id, values, k, format } satisfies Task, [values.buffer]);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.js', import.meta.url));
    worker.on('message', ({ id, result }: { id: number; result: Quantised | undefined }) => {
      this.#waiting.get(id)?.resolve(result);
      this.#waiting.delete(id);
    });
    worker.on('error', (thrown) => {
      const failure = new SutureError(
        'ENGINE',
        `A thread that quantises weights failed: ${messageOf(thrown)}.`,
        { cause: thrown },
      );
      for (const { reject } of this.#waiting.values()) reject(failure);
      this.#waiting.clear();
    });
    return worker;
  }
}
