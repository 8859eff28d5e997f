import { createHash, timingSafeEqual } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { readVector, type VectorFile } from '../steer/index.js';
import type { Ticket } from './admission.js';
import { type Asked, askedChat, askedInfill, askedText } from './asked.js';
import { parseChat, parseCompletion, parseEmbedding, parseInfill } from './bodies.js';
import { embeddings } from './embeddings.js';
import { ApiError, reported } from './errors.js';
import { json, limited } from './request.js';
import { type Account, respond } from './respond.js';
import type { Service } from './service.js';
import type { Studio } from './studio.js';

export interface AccessOptions {
  /** Keys of which requests must bear one. Defaults to none: nobody is asked. */
  apiKeys?: readonly string[];
  /** What registers vectors. Defaults to none: nobody may. */
  adminKey?: string | undefined;
  /** Largest body in bytes. Defaults to 1 MiB; vectors may have 64 MiB. */
  maxBody?: number;
  /** Told of every request once it is over. Defaults to nobody. */
  log?: (entry: LogEntry) => void;
  /** Whether the log gets prompts and completions. Defaults to false. */
  logPrompts?: boolean;
}

/** One request, as it went. */
export interface LogEntry extends Account {
  time: string;
  method: string;
  path: string;
  status: number;
  ms: number;
}

interface Env {
  Bindings: HttpBindings;
  Variables: { account: Account };
}

const MAX_BODY = 1024 * 1024;
const MAX_VECTOR = 64 * 1024 * 1024;

/**
 * The routes of a server. A request names models and vectors that were registered, and never a
 * file: no path from a request is read.
 *
 * @param onlyLoopback answers only those who call it by a name of this machine, so that no page that a
 *   browser shows can reach it through a name of its own
 * @param studio is served at /studio; undefined for none
 */
export function createApp(
  service: Service,
  options: AccessOptions,
  onlyLoopback: boolean,
  studio: Studio | undefined,
) {
  const { apiKeys = [], adminKey, maxBody = MAX_BODY } = options;
  const { vectors } = service;
  const app = new Hono<Env>();
  const isClient = bearer(apiKeys);

  app.use(logging(service, options));
  if (onlyLoopback) app.use(loopbackNames);
  app.get('/health', (c) => c.json({ status: service.admission.draining ? 'draining' : 'ok' }));

  app.use('/v1/*', isClient);
  app.use('/infill', isClient);
  app.use('/metrics', isClient);
  app.get('/metrics', async (c) => {
    const { type, body } = await service.metrics.text();
    return c.body(body, 200, { 'Content-Type': type });
  });

  const entry = (id: string) => ({
    id,
    object: 'model',
    created: service.created,
    owned_by: 'suture',
    root: service.model.id,
    max_model_len: service.model.config.maxPositions,
  });
  app.get('/v1/models', (c) => c.json({ object: 'list', data: vectors.models.map(entry) }));
  app.get('/v1/models/:id', (c) => {
    vectors.steering(c.req.param('id'));
    return c.json(entry(c.req.param('id')));
  });

  app.use('/v1/*', limited(maxBody));
  app.use('/infill', limited(maxBody));
  const work = async (c: Context<Env>, asked: Asked) => {
    const ticket = enter(c, service, asked.job.prompts.length * asked.job.options.n);
    return respond(asked, service, ticket, c.var.account);
  };
  app.post('/v1/completions', async (c) =>
    work(c, await askedText(parseCompletion(await json(c)), service)),
  );
  app.post('/v1/engines/:model/completions', async (c) => {
    const body = { ...(await json(c)), model: c.req.param('model') };
    return work(c, await askedText(parseCompletion(body), service));
  });
  app.post('/v1/fim/completions', async (c) =>
    work(c, await askedText(parseCompletion(await json(c)), service, true)),
  );
  app.post('/v1/chat/completions', async (c) =>
    work(c, await askedChat(parseChat(await json(c)), service)),
  );
  app.post('/infill', async (c) => work(c, await askedInfill(parseInfill(await json(c)), service)));
  app.post('/v1/embeddings', async (c) => {
    const body = parseEmbedding(await json(c));
    const ticket = enter(c, service, 1);
    try {
      return c.json(await embeddings(body, service, ticket));
    } finally {
      ticket.leave();
    }
  });

  app.use('/admin/*', adminKey === undefined ? closed : bearer([adminKey]), limited(MAX_VECTOR));
  app.get('/admin/vectors', (c) =>
    c.json({ data: vectors.all.map(({ name, file }) => ({ name, ...described(file) })) }),
  );
  app.put('/admin/vectors/:name', async (c) => {
    const name = c.req.param('name');
    const file = vectorOf(Buffer.from(await c.req.arrayBuffer()));
    service.register(name, file);
    return c.json({ name, ...described(file) }, 201);
  });
  app.delete('/admin/vectors/:name', (c) => {
    if (!vectors.remove(c.req.param('name'))) throw notFound();
    return c.body(null, 204);
  });

  if (studio) {
    app.use('/studio/api/*', isClient, limited(maxBody));
    app.route('/studio', studio.routes());
    app.get('/studio/', (c) => c.redirect('/studio'));
  }

  app.notFound(() => {
    throw notFound();
  });
  app.onError((thrown, c) => {
    const error = reported(thrown);
    c.var.account.error = error.code;
    return c.json(error.body(), error.status, { ...error.headers });
  });
  return app;
}

const notFound = () => new ApiError(404, 'not_found', 'There is nothing here.');

/** A place for a request, given up when its client leaves. */
function enter(c: Context<Env>, { admission }: Service, rows: number): Ticket {
  const ticket = admission.enter(rows);
  const { outgoing } = c.env;
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) ticket.end('left');
  });
  return ticket;
}

/** Requests bear one of the keys, as OpenAI's clients send them or as Azure's do. */
function bearer(keys: readonly string[]): MiddlewareHandler {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const known = keys.map(digest);
  return async (c, next) => {
    const [, token] = /^Bearer\s+(.+)$/i.exec(c.req.header('Authorization') ?? '') ?? [];
    const given = digest(token ?? c.req.header('api-key') ?? '');
    if (known.length > 0 && !known.some((key) => timingSafeEqual(key, given))) {
      throw new ApiError(
        401,
        'invalid_api_key',
        'Give a key of this server as "Authorization: Bearer".',
        {
          headers: { 'WWW-Authenticate': 'Bearer' },
        },
      );
    }
    await next();
  };
}

const closed: MiddlewareHandler = async () => {
  throw new ApiError(403, 'admin_disabled', 'This server was started without an admin key.');
};

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i;

const loopbackNames: MiddlewareHandler = async (c, next) => {
  if (!LOOPBACK.test(c.req.header('Host') ?? '')) {
    throw new ApiError(
      403,
      'forbidden_host',
      'This server answers under names of this machine only.',
    );
  }
  await next();
};

/** A vector file that was sent. Its reader wants a file, which is ours and soon gone. */
function vectorOf(bytes: Buffer): VectorFile {
  const dir = mkdtempSync(join(tmpdir(), 'suture-vector-'));
  try {
    const path = join(dir, 'sent.safetensors');
    writeFileSync(path, bytes);
    return readVector(path);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const described = ({ metadata, directions }: VectorFile) => ({
  cwe: metadata.cwe,
  method: metadata.method,
  strength: metadata.strength,
  positions: metadata.positions,
  layers: [...directions.keys()],
  made_for: metadata.model,
});

/** Counts and logs each request when its answer is out, or its client gone. */
function logging(service: Service, options: AccessOptions): MiddlewareHandler<Env> {
  return async (c, next) => {
    const began = performance.now();
    c.set('account', {});
    await next();
    const route = c.req.routePath;
    const { outgoing } = c.env;
    const over = () => {
      const ms = performance.now() - began;
      const status = outgoing.writableFinished ? c.res.status : 499;
      const known = route.includes('*') ? 'other' : route;
      service.metrics.request(known, status, ms / 1000);
      const { prompts, completions, ...rest } = c.var.account;
      options.log?.({
        time: new Date().toISOString(),
        method: c.req.method,
        path: c.req.path,
        status,
        ms: Math.round(ms),
        ...rest,
        ...(options.logPrompts && prompts && { prompts, completions }),
      } as LogEntry);
    };
    outgoing.once('close', over);
  };
}
