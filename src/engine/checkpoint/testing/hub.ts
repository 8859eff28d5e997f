import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A model as the server has it. */
export interface ServedModel {
  commit: string;
  /** Branches and tags. */
  refs: Record<string, string>;
  files: Record<string, Buffer>;
  /** Files that the hub hands over to the CDN, named by their SHA-256; others are named as by git. */
  large: string[];
  token?: string;
  gated?: boolean;
}

/** What the server does wrong with one request for bytes. */
export interface Fault {
  status?: number;
  /** Sends this instead. */
  content?: Buffer;
  /** Sends all of it, whatever range was asked for. */
  ignoreRange?: true;
  /** Sends so many bytes, then breaks the connection. */
  breakAfter?: number;
  /** Sends so many bytes and ends in order, never having said how many there are. */
  endAfter?: number;
  /** Sends so many bytes, and no more until the client goes. */
  stallAfter?: number;
}

export interface Seen {
  host: 'hub' | 'cdn';
  method: string;
  url: string;
  range: string | undefined;
  authorization: string | undefined;
}

/** A server that answers as the Hugging Face hub does, and another host that holds its large files. */
export class TestHub {
  readonly models = new Map<string, ServedModel>();
  /** Former names of models. */
  readonly renamed = new Map<string, string>();
  /** One for each request for bytes, in their order; `{}` is none. */
  readonly faults: Fault[] = [];
  readonly seen: Seen[] = [];
  readonly #hub = createServer((request, response) => this.#answer(request, response));
  readonly #cdn = createServer((request, response) => this.#answerCdn(request, response));

  static async start(): Promise<TestHub> {
    const hub = new TestHub();
    for (const server of [hub.#hub, hub.#cdn]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
    return hub;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#hub.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const server of [this.#hub, this.#cdn]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  /** Forgets models, faults and what was seen. */
  reset(): void {
    this.models.clear();
    this.renamed.clear();
    this.faults.length = 0;
    this.seen.length = 0;
  }

  #answer(request: IncomingMessage, response: ServerResponse): ServerResponse {
    this.#note('hub', request);
    const { pathname } = new URL(request.url ?? '', this.endpoint);
    const [, api, file] = [
      pathname,
      /^\/api\/models\/([^/]+\/[^/]+)\/revision\/(.+)$/.exec(pathname),
      /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname),
    ];
    const [, id = '', revision = '', name = ''] = api ?? file ?? [];
    const newName = this.renamed.get(id);
    if (newName) {
      response.setHeader('location', pathname.replace(id, newName));
      response.statusCode = 307;
      return response.end('moved');
    }
    const model = this.models.get(id);
    if (!model) return refuse(response, 401, 'RepoNotFound');
    if (model.token && request.headers.authorization !== `Bearer ${model.token}`) {
      return refuse(response, 401, 'RepoNotFound');
    }
    if (api) {
      const wanted = decodeURIComponent(revision);
      const sha = wanted === model.commit ? wanted : model.refs[wanted];
      if (!sha) return refuse(response, 404, 'RevisionNotFound');
      const siblings = Object.keys(model.files).map((rfilename) => ({ rfilename }));
      response.setHeader('content-type', 'application/json');
      return response.end(JSON.stringify({ id, sha, siblings }));
    }
    if (model.gated) return refuse(response, 403, 'GatedRepo');
    const content = model.files[decodeURIComponent(name)];
    if (!content || revision !== model.commit) return refuse(response, 404, 'EntryNotFound');
    response.setHeader('x-repo-commit', model.commit);
    if (!model.large.includes(decodeURIComponent(name))) {
      const oid = createHash('sha1').update(`blob ${content.length}\0`).update(content);
      response.setHeader('etag', `"${oid.digest('hex')}"`);
      return this.#send(request, response, content);
    }
    const hash = createHash('sha256').update(content).digest('hex');
    response.setHeader('x-linked-etag', `"${hash}"`);
    response.setHeader('x-linked-size', String(content.length));
    const { port } = this.#cdn.address() as AddressInfo;
    response.setHeader('location', `http://127.0.0.1:${port}/${id}/${name}`);
    response.statusCode = 302;
    return response.end();
  }

  #answerCdn(request: IncomingMessage, response: ServerResponse): ServerResponse {
    this.#note('cdn', request);
    const [, org, model, name = ''] = (request.url ?? '').split('/');
    const content = this.models.get(`${org}/${model}`)?.files[decodeURIComponent(name)];
    if (!content) return refuse(response, 404, 'EntryNotFound');
    response.setHeader('etag', '"of-the-cdn"');
    return this.#send(request, response, content);
  }

  #send(request: IncomingMessage, response: ServerResponse, served: Buffer): ServerResponse {
    if (request.method === 'HEAD') {
      response.setHeader('content-length', served.length);
      return response.end();
    }
    const fault = this.faults.shift() ?? {};
    if (fault.status !== undefined) return refuse(response, fault.status, '');
    const content = fault.content ?? served;
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const start = fault.ignoreRange || from === undefined ? 0 : Number(from);
    if (start > 0) {
      response.statusCode = 206;
      const last = content.length - 1;
      response.setHeader('content-range', `bytes ${start}-${last}/${content.length}`);
    }
    const body = content.subarray(start);
    if (fault.endAfter !== undefined) return response.end(body.subarray(0, fault.endAfter));
    response.setHeader('content-length', body.length);
    const { breakAfter, stallAfter } = fault;
    if (breakAfter === undefined && stallAfter === undefined) return response.end(body);
    response.write(body.subarray(0, breakAfter ?? stallAfter), () => {
      if (breakAfter !== undefined) response.destroy();
    });
    return response;
  }

  #note(host: Seen['host'], { method = '', url = '', headers }: IncomingMessage): void {
    const { range, authorization } = headers;
    this.seen.push({ host, method, url, range, authorization });
  }
}

function refuse(response: ServerResponse, status: number, code: string): ServerResponse {
  response.statusCode = status;
  if (code) response.setHeader('x-error-code', code);
  return response.end('no');
}
