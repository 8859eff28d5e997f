import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Hono, type MiddlewareHandler } from 'hono';
import { ensure } from '../core/index.js';
import { GRAMMARS, type SourceLanguage } from '../scan/index.js';
import type { ScanPolicy } from './bodies.js';
import { ApiError } from './errors.js';
import { Runs } from './runs.js';
import type { Service } from './service.js';

/** What the page can do with the model that is served. */
export interface Playground {
  model: { id: string; family: string; nLayers: number; hasTemplate: boolean };
  /** Name of the model without vectors, for requests. */
  base: string;
  maxTokens: number;
  vectors: {
    name: string;
    cwe?: string;
    /** The multiple that it was evaluated at. */
    strength: number;
    layers: number[];
  }[];
  /** What the server does about weaknesses unless it is asked for more. */
  scan: ScanPolicy;
  languages: readonly SourceLanguage[];
}

/** Where `npm run build` puts the page, seen from src/ and from dist/ alike. */
const BUILT = fileURLToPath(new URL('../../dist/studio/', import.meta.url));

const HTML = 'text/html; charset=utf-8';
const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/** Nothing but what this server sends; images are those that the page draws for export. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** A report runs nothing, reaches nothing, and has no origin. */
const REPORT_POLICY =
  "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'";

/**
 * The page of `suture studio`, to be mounted at /studio, and what it asks for. Its files are read when the
 * server starts; runs are named by ids.
 *
 * @param runs folder of runs
 * @param isClient lets those in who may read runs; the page itself holds no secrets
 */
export function studioRoutes(service: Service, runs: string, isClient: MiddlewareHandler) {
  const shelf = new Runs(runs);
  const { index, assets } = builtPage();
  const app = new Hono();

  app.use(async (c, next) => {
    await next();
    c.res.headers.set('X-Content-Type-Options', 'nosniff');
    c.res.headers.set('Referrer-Policy', 'no-referrer');
    c.res.headers.set('Cross-Origin-Resource-Policy', 'same-origin');
    c.res.headers.set('Cache-Control', 'no-cache');
  });
  app.get('/', (c) => {
    c.header('Content-Security-Policy', PAGE_POLICY);
    return c.body(index, 200, { 'Content-Type': HTML });
  });
  app.get('/assets/:name', (c) => {
    const name = c.req.param('name');
    const file = assets.get(name);
    if (!file) throw new ApiError(404, 'not_found', 'There is nothing here.');
    return c.body(file, 200, { 'Content-Type': TYPES[extname(name)]! });
  });
  app.get('/reports/:token', (c) => {
    c.header('Content-Security-Policy', REPORT_POLICY);
    return c.body(shelf.report(c.req.param('token')), 200, { 'Content-Type': HTML });
  });

  app.use('/api/*', isClient);
  app.get('/api/runs', (c) => c.json({ data: shelf.list() }));
  app.get('/api/runs/:id', (c) => c.json(shelf.show(c.req.param('id'))));
  app.get('/api/runs/:id/samples', (c) =>
    c.body(shelf.samples(c.req.param('id')), 200, { 'Content-Type': 'application/x-ndjson' }),
  );
  app.get('/api/playground', (c) => c.json(playgroundOf(service)));
  return app;
}

function playgroundOf(service: Service): Playground {
  const { model, tokenizer, vectors, maxTokens } = service;
  return {
    model: {
      id: model.id,
      family: model.config.family,
      nLayers: model.nLayers,
      hasTemplate: tokenizer.chatTemplate !== undefined,
    },
    base: vectors.models[0]!,
    maxTokens,
    vectors: vectors.all.map(({ name, file: { metadata, directions } }) => ({
      name,
      ...(metadata.cwe && { cwe: metadata.cwe }),
      strength: metadata.strength,
      layers: [...directions.keys()],
    })),
    scan: service.policy(),
    languages: GRAMMARS,
  };
}

/** The page, and what it is made of by name. */
function builtPage(): { index: Buffer<ArrayBuffer>; assets: Map<string, Buffer<ArrayBuffer>> } {
  const index = join(BUILT, 'index.html');
  ensure(
    existsSync(index),
    'NOT_FOUND',
    `The page of the studio is not built: run "npm run build" in Suture's own folder.`,
  );
  const assets = join(BUILT, 'assets');
  const files = readdirSync(assets).map(
    (name) => [name, readFileSync(join(assets, name))] as const,
  );
  return { index: readFileSync(index), assets: new Map(files) };
}
