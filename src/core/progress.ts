/**
 * Progress of long work: one line redrawn on a terminal, a plain line now and then when piped.
 * Both go to standard error, so that standard output carries results only.
 */
export interface ProgressOptions {
  /** Where to write. Defaults to `process.stderr`. */
  stream?: NodeJS.WriteStream;
  /** Says nothing at all. Defaults to false. */
  quiet?: boolean;
}

let silent = false;

/** From now on no progress of this process is shown, whoever reports it. */
export function silenceProgress(): void {
  silent = true;
}

/**
 * @example
 * const progress = new Progress('train', 100);
 * for (let step = 1; step <= 100; step++) progress.update(step, 'loss 1.23');
 * progress.done();
 */
export class Progress {
  readonly #label: string;
  readonly #total: number;
  readonly #stream: NodeJS.WriteStream;
  readonly #quiet: boolean;
  readonly #start = performance.now();
  #first: { at: number; done: number } | undefined;
  #lastWrite = Number.NEGATIVE_INFINITY;

  /** @param label what is being done  @param total number of steps it takes */
  constructor(label: string, total: number, options: ProgressOptions = {}) {
    this.#label = label;
    this.#total = total;
    this.#stream = options.stream ?? process.stderr;
    this.#quiet = silent || (options.quiet ?? false);
  }

  /** @param done steps finished so far  @param detail short text shown behind the estimate */
  update(done: number, detail = ''): void {
    if (this.#quiet) return;
    const now = performance.now();
    this.#first ??= { at: now, done };
    const everyMs = this.#stream.isTTY ? 100 : 5000;
    if (now - this.#lastWrite < everyMs && done < this.#total) return;
    this.#lastWrite = now;
    const rate = (done - this.#first.done) / (now - this.#first.at);
    const left = rate > 0 ? `, ${formatSeconds((this.#total - done) / rate / 1000)} left` : '';
    const line = `${this.#label} ${done}/${this.#total}${left}${detail ? `  ${detail}` : ''}`;
    this.#stream.write(this.#stream.isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
  }

  /** Clears the line on a terminal, and returns the seconds it took. */
  done(): number {
    if (!this.#quiet && this.#stream.isTTY) this.#stream.write('\r\x1b[2K');
    return (performance.now() - this.#start) / 1000;
  }
}

/** `75` -> `1m15s`. */
export function formatSeconds(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m${String(s % 60).padStart(2, '0')}s`;
  return `${Math.floor(s / 3600)}h${String(Math.floor((s % 3600) / 60)).padStart(2, '0')}m`;
}
