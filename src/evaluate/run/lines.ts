import { closeSync, openSync, readSync } from 'node:fs';
import { fileError, SutureError } from '../../core/index.js';

/** Where a line is in its file, in bytes. */
export interface LinePlace {
  start: number;
  end: number;
}

const CHUNK = 2 ** 20;

/**
 * A file of JSON, one value a line, of which no more is held than the line that is read. What stands behind the
 * last end of a line is none: a kill has left it.
 */
export class JsonLines<T> {
  readonly #path: string;
  readonly #file: number;
  #whole = 0;

  /** To be closed. @throws {SutureError} NOT_FOUND, DISK */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#file = openSync(path, 'r');
    } catch (thrown) {
      throw fileError(thrown, 'read', path);
    }
  }

  /** Bytes up to the end of the last whole line, once all have been gone through. */
  get whole(): number {
    return this.#whole;
  }

  /** All values in order. @throws {SutureError} BAD_DATA for a line that is not JSON, by its number; DISK */
  *values(): Generator<{ value: T; place: LinePlace }> {
    let parts: Buffer[] = [];
    let [start, at, number] = [0, 0, 0];
    for (let chunk = this.#bytes(at, CHUNK); chunk.length > 0; chunk = this.#bytes(at, CHUNK)) {
      let from = 0;
      for (let to = chunk.indexOf(0x0a); to >= 0; to = chunk.indexOf(0x0a, from)) {
        const text = Buffer.concat([...parts, chunk.subarray(from, to)]).toString('utf8');
        const end = at + to;
        yield { value: this.#parse(text, ++number), place: { start, end } };
        parts = [];
        from = to + 1;
        start = end + 1;
        this.#whole = start;
      }
      parts.push(chunk.subarray(from));
      at += chunk.length;
    }
  }

  /** The value of one line. */
  read({ start, end }: LinePlace): T {
    return JSON.parse(this.#bytes(start, end - start).toString('utf8')) as T;
  }

  close(): void {
    closeSync(this.#file);
  }

  #parse(text: string, number: number): T {
    try {
      return JSON.parse(text) as T;
    } catch (thrown) {
      throw new SutureError(
        'BAD_DATA',
        `${this.#path}, line ${number}, is not valid JSON. Remove the line to go on without it.`,
        { cause: thrown },
      );
    }
  }

  #bytes(from: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    try {
      return bytes.subarray(0, readSync(this.#file, bytes, 0, length, from));
    } catch (thrown) {
      throw fileError(thrown, 'read', this.#path);
    }
  }
}
