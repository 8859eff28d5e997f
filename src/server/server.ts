import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { SutureError } from '../core/index.js';
import type { Model } from '../engine/index.js';
import { type AccessOptions, createApp } from './app.js';
import { ApiError } from './errors.js';
import { Service, type ServiceOptions } from './service.js';
import { Studio, type StudioOptions } from './studio.js';

export interface ServerOptions extends ServiceOptions, AccessOptions {
  /** Defaults to `127.0.0.1`: this machine alone. Others need `apiKeys`. */
  host?: string;
  /** Defaults to 8321; 0 is any that is free. */
  port?: number;
  /** Serves the page of `suture studio` too, at /studio. Defaults to none. */
  studio?: StudioOptions;
}

/** A running server. */
export interface RunningServer {
  /** What clients take as their base URL, with /v1. */
  url: string;
  /** Names of models that requests may give. */
  models: readonly string[];
  /**
   * Lets those who are being served finish and nobody else in, and ends.
   * @param grace milliseconds after which they are cut off. Defaults to 30,000
   */
  close(grace?: number): Promise<void>;
}

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|::1)$/.test(host);

/**
 * Serves a model to clients of OpenAI's API. The model stays open when the server ends.
 *
 * @throws {SutureError} BAD_ARGUMENT for a host beyond this machine without keys, or a port that is
 *   taken; BAD_VECTOR for a vector of another model, BAD_DATA for such a gate
 * @example
 * const model = await loadModel('organism');
 * const server = await startServer(model, { port: 0 });
 * await fetch(`${server.url}/models`);
 * await server.close();
 * await model.close();
 */
export async function startServer(
  model: Model,
  options: ServerOptions = {},
): Promise<RunningServer> {
  const { host = '127.0.0.1', port = 8321 } = options;
  const local = isLoopback(host);
  if (!local && !options.apiKeys?.length) {
    throw new SutureError(
      'BAD_ARGUMENT',
      `A server that others can reach (${host}) needs an API key: set SUTURE_API_KEY, or keep to 127.0.0.1.`,
    );
  }
  const service = serviceOf(model, options);
  const studio = options.studio && new Studio(service, options.studio);
  const app = createApp(service, options, local, studio);
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}/v1`,
    get models() {
      return service.vectors.models;
    },
    close: async (grace = 30_000) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await Promise.all([service.admission.drain(grace), studio?.close(grace)]);
      await service.batch.idle();
      server.closeIdleConnections();
      // Answers that are out may still be on their way to slow readers.
      const cut = setTimeout(() => server.closeAllConnections(), 1000);
      await closed;
      clearTimeout(cut);
    },
  };
}

/** What a request would be refused for, a caller is told as all else in Suture. */
function serviceOf(model: Model, options: ServerOptions): Service {
  try {
    return new Service(model, options);
  } catch (thrown) {
    if (!(thrown instanceof ApiError)) throw thrown;
    throw new SutureError('BAD_ARGUMENT', thrown.message, { cause: thrown });
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (thrown: NodeJS.ErrnoException) => {
      const why = thrown.code === 'EADDRINUSE' ? 'the port is taken' : thrown.message;
      const message = `Could not listen on ${host}:${port}: ${why}. Give another with --port.`;
      reject(new SutureError('BAD_ARGUMENT', message, { cause: thrown }));
    });
    server.listen(port, host, resolve);
  });
}
