import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { ApiError } from './errors.js';

/** Why a request ended before it was answered. */
export type Ending = 'left' | 'timeout' | 'draining';

export interface AdmissionLimits {
  /** Completions that are computed at a time. */
  maxRows: number;
  /** Completions that may wait beside them. */
  maxQueue: number;
  /** Milliseconds that a request may take, waiting included. */
  timeout: number;
}

/** A request that was let in. */
export interface Ticket {
  /** Fires when nobody waits for the answer any more; its reason is an `Ending`. */
  signal: AbortSignal;
  end(why: Ending): void;
  /** To be called once the work is over, whatever came of it. */
  leave(): void;
}

/**
 * Lets in as many requests as can wait in good order, and sends the others away with the time after
 * which to try again.
 */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #inside = new Map<AbortController, number>();
  #rows = 0;
  #draining = false;
  /** Of requests, as they came to be: a moving mean. */
  #seconds = 1;
  #empty: (() => void) | undefined;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /**
   * @param rows completions that the request asks for
   * @throws {ApiError} 400 for more than ever fit; 429 where too many wait; 503 when the server ends
   */
  enter(rows: number): Ticket {
    const { maxRows, maxQueue, timeout } = this.#limits;
    const capacity = maxRows + maxQueue;
    if (this.#draining) throw unavailable();
    if (rows > capacity) {
      const message = `The request asks for ${rows} completions; this server takes at most ${capacity} at a time.`;
      throw new ApiError(400, 'invalid_value', message, { param: 'n' });
    }
    if (this.#rows + rows > capacity) {
      const wait = Math.min(60, Math.ceil((this.#seconds * this.#rows) / maxRows));
      throw new ApiError(429, 'queue_full', 'Too many requests are waiting. Try again later.', {
        headers: { 'Retry-After': String(Math.max(1, wait)) },
      });
    }
    const began = performance.now();
    const controller = new AbortController();
    const end = (why: Ending) => controller.abort(why);
    const timer = setTimeout(end, timeout, 'timeout');
    this.#inside.set(controller, rows);
    this.#rows += rows;
    const leave = () => {
      clearTimeout(timer);
      if (!this.#inside.delete(controller)) return;
      this.#rows -= rows;
      this.#seconds += ((performance.now() - began) / 1000 - this.#seconds) / 8;
      if (this.#inside.size === 0) this.#empty?.();
    };
    return { signal: controller.signal, end, leave };
  }

  /** Lets nobody in any more, and ends those who are still there after `grace` milliseconds. */
  async drain(grace: number): Promise<void> {
    this.#draining = true;
    if (this.#inside.size === 0) return;
    const timer = setTimeout(() => {
      for (const controller of this.#inside.keys()) controller.abort('draining');
    }, grace);
    await new Promise<void>((resolve) => {
      this.#empty = resolve;
    });
    clearTimeout(timer);
  }
}

const unavailable = () =>
  new ApiError(503, 'shutting_down', 'The server is shutting down.', {
    headers: { 'Retry-After': '5', Connection: 'close' },
  });

/** What a request is told that was ended from outside. */
export function endingError(why: Ending): ApiError {
  if (why === 'timeout') {
    return new ApiError(504, 'timeout', 'The request took longer than this server allows.');
  }
  if (why === 'draining') return unavailable();
  // As proxies log it: nobody reads this answer.
  return new ApiError(499 as ContentfulStatusCode, 'client_closed', 'The client has left.');
}
