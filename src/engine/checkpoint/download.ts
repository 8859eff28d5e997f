import { createHash, type Hash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { setImmediate as eventLoop } from 'node:timers/promises';
import { discard, ensure, fileError, SutureError } from '../../core/index.js';
import type { HubClient, RemoteFile } from './client.js';
import { aMoment, claim, clearAbandoned, owning, release } from './temporary.js';

export interface DownloadOptions {
  signal?: AbortSignal | undefined;
  /** Told how many bytes of the file are there. */
  onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * Downloads the content of a file to `blob`, unless it is there. What an earlier attempt got is
 * continued, and what this one gets is kept for the next; when another process is downloading the
 * same content, it is waited for. The content takes its name only when its hash is right.
 *
 * @throws {SutureError} NETWORK, FORBIDDEN, NOT_FOUND, DISK; BAD_CHECKPOINT for a wrong hash;
 *   INTERRUPTED
 */
export async function downloadBlob(
  client: HubClient,
  commit: string,
  file: RemoteFile,
  blob: string,
  { signal, onBytes }: DownloadOptions = {},
): Promise<void> {
  const isThere = () => statSync(blob, { throwIfNoEntry: false })?.size === file.size;
  try {
    while (!isThere()) {
      const own = claim(blob, '.incomplete');
      if (own === undefined) {
        await aMoment(signal);
        continue;
      }
      try {
        if (isThere()) break; // the last owner finished between the two looks
        await owning(own, async () => {
          const part = new Part(own, file);
          try {
            await part.readOld(onBytes);
            await client.retried(
              () => part.receive(client, commit, onBytes),
              () => part.size,
            );
            part.verify();
          } finally {
            part.close();
          }
        });
        renameSync(own, blob);
        clearAbandoned(blob);
      } finally {
        release(own);
      }
    }
  } catch (thrown) {
    if (signal?.aborted) {
      throw new SutureError(
        'INTERRUPTED',
        'Interrupted. What has been downloaded is kept; the same command continues.',
        { cause: thrown },
      );
    }
    throw fileError(thrown, 'write', blob);
  }
  onBytes?.(file.size);
}

/** The part of a file that is there, with the hash of its content so far. */
class Part {
  readonly #path: string;
  readonly #file: RemoteFile;
  readonly #descriptor: number;
  #hash: Hash | undefined;
  size = 0;

  constructor(path: string, file: RemoteFile) {
    this.#path = path;
    this.#file = file;
    this.#descriptor = openSync(path, 'r+');
    this.#hash = startHash(file);
  }

  /** Takes in what an earlier attempt left. */
  async readOld(onBytes?: (bytes: number) => void): Promise<void> {
    const piece = Buffer.alloc(4 << 20);
    for (;;) {
      const count = readSync(this.#descriptor, piece, 0, piece.length, this.size);
      if (count === 0) break;
      this.#hash?.update(piece.subarray(0, count));
      this.size += count;
      onBytes?.(this.size);
      await eventLoop();
    }
    if (this.size > this.#file.size) this.#restart();
  }

  /** Receives the rest. */
  async receive(
    client: HubClient,
    commit: string,
    onBytes?: (bytes: number) => void,
  ): Promise<void> {
    const { name, size } = this.#file;
    if (this.size === size) return;
    const { start, chunks } = await client.bytes(commit, this.#file, this.size);
    if (start !== this.size) this.#restart();
    ensure(start === this.size, 'NETWORK', `The hub sent another part of ${name} than asked for.`);
    for await (const chunk of chunks) {
      // Another process took it over while this one was stopped.
      ensure(existsSync(this.#path), 'DISK', `${this.#path} was taken away.`);
      if (this.size + chunk.length > size) throw this.#wrong();
      for (let done = 0; done < chunk.length; ) {
        done += writeSync(this.#descriptor, chunk, done, chunk.length - done, this.size + done);
      }
      this.#hash?.update(chunk);
      this.size += chunk.length;
      onBytes?.(this.size);
    }
  }

  /** @throws {SutureError} BAD_CHECKPOINT where the content is not what its name says */
  verify(): void {
    if (this.#hash && this.#hash.digest('hex') !== this.#file.etag) throw this.#wrong();
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #restart(): void {
    ftruncateSync(this.#descriptor);
    this.#hash = startHash(this.#file);
    this.size = 0;
  }

  /** Nothing of it is worth keeping. */
  #wrong(): SutureError {
    discard(this.#path);
    return new SutureError(
      'BAD_CHECKPOINT',
      `What arrived as ${this.#file.name} is not what the hub describes (${this.#file.size} bytes, hash ${this.#file.etag}); it has been removed. Pull again; if it stays so, something between here and the hub changes files.`,
    );
  }
}

/** The hub names large files by their SHA-256 and others as git does; of other names nothing is known. */
function startHash({ etag, size }: RemoteFile): Hash | undefined {
  if (/^[0-9a-f]{64}$/.test(etag)) return createHash('sha256');
  if (/^[0-9a-f]{40}$/.test(etag)) return createHash('sha1').update(`blob ${size}\0`);
  return undefined;
}
