import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { ensure, messageOf, SutureError } from '../../core/index.js';
import { type HubId, showHubId } from './hub.js';

/** How a hub is reached. Nothing else in Suture goes to the network. */
export interface HubOptions {
  /** Defaults to `$HF_ENDPOINT`, else https://huggingface.co. */
  endpoint?: string | undefined;
  /** Defaults to `$HF_TOKEN`, else `$HUGGING_FACE_HUB_TOKEN`, else none. */
  token?: string | undefined;
  /** Wait before the first of four retries, each of which waits twice as long. Defaults to 1000. */
  retryMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** What the hub says of a file: the name of its content, and its size in bytes. */
export interface RemoteFile {
  name: string;
  etag: string;
  size: number;
}

const infoSchema = z.object({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  siblings: z.array(z.object({ rfilename: z.string() })),
});

const RETRIES = 4;
const REDIRECTS = 5;

/** A failure that may pass: the connection broke, or the server was busy. */
class Passing extends SutureError {
  constructor(message: string, cause?: unknown) {
    super('NETWORK', message, { cause });
  }
}

/** The few requests to a hub that a download is made of. */
export class HubClient {
  readonly #id: HubId;
  readonly #endpoint: string;
  readonly #origin: string;
  readonly #token: string | undefined;
  readonly #retryMs: number;
  readonly #signal: AbortSignal | undefined;

  /** @throws {SutureError} BAD_ARGUMENT where endpoint or token cannot be ones */
  constructor(id: HubId, options: HubOptions = {}) {
    const { HF_ENDPOINT, HF_TOKEN, HUGGING_FACE_HUB_TOKEN } = process.env;
    this.#id = id;
    this.#endpoint = (options.endpoint || HF_ENDPOINT || 'https://huggingface.co').replace(
      /\/+$/,
      '',
    );
    ensure(
      URL.canParse(this.#endpoint) && /^https?:/.test(this.#endpoint),
      'BAD_ARGUMENT',
      `HF_ENDPOINT is "${this.#endpoint}"; it must be an address such as https://huggingface.co.`,
    );
    this.#origin = new URL(this.#endpoint).origin;
    this.#token = (options.token || HF_TOKEN || HUGGING_FACE_HUB_TOKEN)?.trim() || undefined;
    // A message about a malformed header would show it.
    ensure(
      this.#token === undefined || /^[\x21-\x7e]+$/.test(this.#token),
      'BAD_ARGUMENT',
      'HF_TOKEN holds characters that no token has.',
    );
    this.#retryMs = options.retryMs ?? 1000;
    this.#signal = options.signal;
  }

  /** The commit that the revision names now, and the names of its files. */
  async list(): Promise<{ commit: string; names: string[] }> {
    const { org, name, revision } = this.#id;
    const url = `${this.#endpoint}/api/models/${org}/${name}/revision/${encodeURIComponent(revision)}`;
    const chunks = [];
    // Not tried again: who has no network is to hear so at once.
    for await (const chunk of received(await this.#request('GET', url), url)) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const parsed = infoSchema.safeParse(parseJson(text));
    ensure(parsed.success, 'NETWORK', `${url} does not answer as the Hugging Face hub does.`);
    const { sha, siblings } = parsed.data;
    return { commit: sha, names: siblings.map(({ rfilename }) => rfilename) };
  }

  /** Name of the content and size of a file. */
  async describe(commit: string, name: string): Promise<RemoteFile> {
    const url = this.#fileUrl(commit, name);
    const { ok, headers } = await this.retried(() => this.#request('HEAD', url));
    const etag = (headers.get('x-linked-etag') ?? headers.get('etag'))?.replace(/^W\/|"/g, '');
    // The length of a redirection is its own.
    const length = headers.get('x-linked-size') ?? (ok ? headers.get('content-length') : null);
    const size = Number(length ?? Number.NaN);
    // It becomes the name of a file.
    ensure(
      etag && /^\w[\w-]*$/.test(etag) && Number.isSafeInteger(size) && size >= 0,
      'NETWORK',
      `${url} does not say what the file's hash and size are, as the Hugging Face hub does.`,
    );
    return { name, etag, size };
  }

  /** The bytes of a file from `from` on, and where they really begin: a server may ignore the wish. */
  async bytes(
    commit: string,
    { name, size }: RemoteFile,
    from: number,
  ): Promise<{ start: number; chunks: AsyncIterable<Uint8Array> }> {
    const range: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
    const url = this.#fileUrl(commit, name);
    const response = await this.#request('GET', url, range);
    const { status, headers } = response;
    const [, first] = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '') ?? [];
    const start = status === 206 ? Number(first) : 0;
    return { start, chunks: received(response, url, size - start) };
  }

  /**
   * Does again, after a while, what failed in passing; gives up after four times in a row.
   *
   * @param progress how far the work has got: a failure after some progress is the first in its row
   */
  async retried<T>(work: () => Promise<T>, progress = () => 0): Promise<T> {
    let reached = progress();
    for (let failures = 0; ; ) {
      try {
        return await work();
      } catch (thrown) {
        if (!(thrown instanceof Passing)) throw thrown;
        failures = progress() > reached ? 1 : failures + 1;
        reached = progress();
        if (failures > RETRIES) throw thrown;
        const wait = this.#retryMs * 2 ** (failures - 1);
        await delay(wait, undefined, this.#signal ? { signal: this.#signal } : {});
      }
    }
  }

  #fileUrl(commit: string, name: string): string {
    const { org, name: model } = this.#id;
    return `${this.#endpoint}/${org}/${model}/resolve/${commit}/${encodeURIComponent(name)}`;
  }

  /**
   * One request with its redirects, of which the token goes along only as far as they stay at the
   * hub. HEAD stops where the hub hands over to another host: the hub knows the file, that host
   * only the bytes.
   */
  async #request(
    method: 'GET' | 'HEAD',
    address: string,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    let url = new URL(address);
    for (let hop = 0; hop <= REDIRECTS; hop++) {
      const response = await this.#send(method, url, headers);
      const location = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || location === null) {
        if (response.ok) return response;
        throw await this.#refusal(response, url);
      }
      ensure(URL.canParse(location, url.href), 'NETWORK', `${url} redirects to "${location}".`);
      const next = new URL(location, url);
      const handedOver = next.origin !== this.#origin || response.headers.has('x-linked-size');
      if (method === 'HEAD' && handedOver) return response;
      await response.body?.cancel();
      url = next;
    }
    throw new SutureError('NETWORK', `${address} redirects in a circle.`);
  }

  async #send(method: string, url: URL, headers: Record<string, string>): Promise<Response> {
    const isHub = url.origin === this.#origin;
    try {
      return await fetch(url, {
        method,
        redirect: 'manual',
        headers: {
          ...headers,
          'accept-encoding': 'identity', // sizes and ranges are those of the file
          'user-agent': 'suture',
          ...(isHub && this.#token ? { authorization: `Bearer ${this.#token}` } : {}),
        },
        ...(this.#signal ? { signal: this.#signal } : {}),
      });
    } catch (thrown) {
      if (this.#signal?.aborted) throw thrown;
      throw new Passing(
        `Could not reach ${url.origin}: ${reasonOf(thrown)}. What has been downloaded is kept; "suture pull" again continues.`,
        thrown,
      );
    }
  }

  /** What an answer other than success means. */
  async #refusal(response: Response, url: URL): Promise<SutureError> {
    await response.body?.cancel();
    const { status, headers } = response;
    const model = showHubId({ ...this.#id, revision: 'main' });
    const reason = headers.get('x-error-code') ?? '';
    if (url.origin !== this.#origin || [408, 429].includes(status) || status >= 500) {
      return new Passing(
        `${url.origin} answered ${status}. What has been downloaded is kept; "suture pull" again continues.`,
      );
    }
    if (reason === 'GatedRepo') {
      return new SutureError(
        'FORBIDDEN',
        `${model} is gated. Accept its conditions at ${this.#endpoint}/${model}, and put a token of that account into HF_TOKEN.`,
      );
    }
    if (status === 401 || status === 403) {
      return new SutureError(
        'FORBIDDEN',
        this.#token
          ? `${this.#endpoint} does not show ${model} to the account of HF_TOKEN. It is private, gated or not there, or the token has expired.`
          : `${this.#endpoint} does not show ${model} without a token. It is private, gated or not there: check the name, or set HF_TOKEN to a token from ${this.#endpoint}/settings/tokens.`,
      );
    }
    if (status === 404) {
      return new SutureError(
        'NOT_FOUND',
        reason === 'RevisionNotFound'
          ? `${model} has no revision "${this.#id.revision}".`
          : `${this.#endpoint} has no model ${model}. Check the name at ${this.#endpoint}/models.`,
      );
    }
    return new SutureError('NETWORK', `${url} answered ${status}.`);
  }
}

/** The chunks of an answer. A connection that breaks, or ends too early, may be tried again. */
async function* received(response: Response, url: string, bytes = 0): AsyncGenerator<Uint8Array> {
  const broken = (why: string, cause?: unknown) =>
    new Passing(
      `The connection broke while ${url} was downloaded: ${why}. What has been downloaded is kept; "suture pull" again continues.`,
      cause,
    );
  let left = bytes;
  try {
    for await (const chunk of response.body ?? []) {
      left -= chunk.length;
      yield chunk;
    }
  } catch (thrown) {
    throw broken(reasonOf(thrown), thrown);
  }
  if (left > 0) throw broken(`${left} bytes are missing`);
}

/** `fetch` says only that it failed; why is in the cause. */
function reasonOf(thrown: unknown): string {
  const { cause } = thrown as Error;
  return messageOf(cause ?? thrown);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
