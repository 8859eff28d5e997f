import type { Duplex } from 'node:stream';

/** Length-prefixed JSON over a stream, as `wire.py` speaks it. */
export class Messages {
  readonly received: unknown[] = [];
  readonly #stream: Duplex;
  readonly #awaited: { index: number; resolve(value: true): void }[] = [];

  constructor(stream: Duplex) {
    this.#stream = stream;
    let buffer = Buffer.alloc(0);
    stream.on('data', (chunk: Buffer) => {
      buffer = Buffer.concat([buffer, chunk]);
      while (buffer.length >= 4 && buffer.length >= 4 + buffer.readUInt32BE(0)) {
        const end = 4 + buffer.readUInt32BE(0);
        this.received.push(parse(buffer.toString('utf8', 4, end)));
        buffer = buffer.subarray(end);
      }
      for (const { index, resolve } of this.#awaited) {
        if (index < this.received.length) resolve(true);
      }
    });
  }

  /** Settles when message `index` is there. A stream that ends before leaves it unsettled. */
  at(index: number): Promise<true> {
    if (index < this.received.length) return Promise.resolve(true);
    return new Promise((resolve) => this.#awaited.push({ index, resolve }));
  }

  send(message: object): void {
    const text = Buffer.from(JSON.stringify(message));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    this.#stream.write(Buffer.concat([length, text]));
  }
}

/** What cannot be read says nothing. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Files as they travel: path -> bytes in hex. */
export function hex(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, Buffer.from(text).toString('hex')]),
  );
}
