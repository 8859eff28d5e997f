import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import { ensure } from '../core/index.js';
import { GRAMMARS, type SourceLanguage } from '../scan/index.js';
import type { ScanPolicy } from './bodies.js';
import { ApiError, reported } from './errors.js';
import { COMMANDS, Experiments, type Launch } from './experiments.js';
import { json } from './request.js';
import { Runs, runVector, vectorName } from './runs.js';
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

export interface StudioOptions {
  /** Folder of runs, which the page shows. */
  runs: string;
  /** Starts a command of Suture with these arguments on the model that is served. Defaults to none: the page starts no runs. */
  launch?: Launch;
}

/** The page of `suture studio`, and what it asks for. Its files are read once; runs are named by ids. */
export class Studio {
  readonly #service: Service;
  readonly #runs: Runs;
  readonly #experiments: Experiments | undefined;
  readonly #page = builtPage();

  /** @throws {SutureError} NOT_FOUND where the page was not built */
  constructor(service: Service, { runs, launch }: StudioOptions) {
    this.#service = service;
    this.#runs = new Runs(runs);
    this.#experiments = launch && new Experiments(runs, launch, (dir) => this.#offer(runs, dir));
  }

  /** To be mounted at /studio; who may ask for what is under api/ is up to others. The page itself holds no secrets. */
  routes(): Hono {
    const runs = this.#runs;
    const { index, assets } = this.#page;
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
      if (!file) throw nothing();
      return c.body(file, 200, { 'Content-Type': TYPES[extname(name)]! });
    });
    app.get('/reports/:token', (c) => {
      c.header('Content-Security-Policy', REPORT_POLICY);
      return c.body(runs.report(c.req.param('token')), 200, { 'Content-Type': HTML });
    });

    app.get('/api/runs', (c) => c.json({ data: runs.list() }));
    app.get('/api/runs/:id', (c) => c.json(runs.show(c.req.param('id'))));
    app.get('/api/runs/:id/samples', (c) =>
      c.body(runs.samples(c.req.param('id')), 200, { 'Content-Type': 'application/x-ndjson' }),
    );
    app.get('/api/playground', (c) => c.json(playgroundOf(this.#service)));

    const experiments = this.#experiments;
    app.get('/api/experiments', (c) =>
      c.json({ data: experiments?.list() ?? [], commands: experiments ? COMMANDS : [] }),
    );
    app.post('/api/experiments', async (c) => {
      if (!experiments) throw nothing();
      return c.json(experiments.start(await json(c)), 201);
    });
    app.delete('/api/experiments/:id', (c) => {
      if (!experiments) throw nothing();
      return c.json(experiments.cancel(c.req.param('id')), 202);
    });
    return app;
  }

  /** Ends what is under way, in order. @param grace milliseconds that it has for that */
  async close(grace: number): Promise<void> {
    await this.#experiments?.close(grace);
  }

  /** Makes the vector of a run that is done one to steer with, where the server may take it. */
  #offer(root: string, dir: string): void {
    const vector = runVector(dir);
    if (!vector) return;
    try {
      this.#service.register(vectorName(root, dir), vector);
    } catch (thrown) {
      reported(thrown); // a gate or a rule of the server may forbid it
    }
  }
}

const nothing = () => new ApiError(404, 'not_found', 'There is nothing here.');

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
