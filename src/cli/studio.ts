import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { ensure, SutureError } from '../core/index.js';
import type { Model } from '../engine/index.js';
import { runFolders } from '../evaluate/index.js';
import { runName } from '../server/index.js';
import { applyVector, readVector, type VectorFile } from '../steer/index.js';
import { type ServingOptions, serve, withServingOptions } from './serve.js';

interface Options extends ServingOptions {
  runs: string;
  log?: true;
}

const DEFAULT_RUNS = 'runs';

/** `suture studio`: what `suture serve` does, and a page that shows runs and steers. */
export function studioCommand(): Command {
  const command = new Command('studio')
    .description('a page in your browser: look at runs, and steer a model')
    .option('--runs <dir>', 'folder of runs; their vectors can be tried', DEFAULT_RUNS)
    .option('--log', 'write a line of JSON for each request')
    .action(run);
  return withServingOptions(command);
}

async function run({ runs, log, ...options }: Options): Promise<void> {
  ensure(
    runs === DEFAULT_RUNS || existsSync(runs),
    'NOT_FOUND',
    `There is no folder ${runs}. Give one of runs (--runs), such as "suture repair -o" leaves.`,
  );
  await serve(options, {
    log: log ?? false,
    serverOptions: (model) => ({
      studio: runs,
      // A gate knows one vector against each weakness: those that are named.
      ...(!options.gate && { vectors: vectorsOf(runs, model, options) }),
    }),
    announce: ({ url }) => url.replace(/v1$/, 'studio'),
  });
}

/** Vectors that runs have left for this model, by the names of the runs; all others are passed over. */
function vectorsOf(runs: string, model: Model, rules: Options | ServingOptions) {
  const found: Record<string, VectorFile> = {};
  for (const dir of runFolders(resolve(runs), 2)) {
    const name = readdirSync(dir).find((file) => file.endsWith('.safetensors'));
    if (name === undefined) continue;
    try {
      const file = readVector(join(dir, name));
      applyVector(file, model, rules);
      found[runName(resolve(runs), dir).replaceAll(/[^\w.-]/g, '.')] = file;
    } catch (thrown) {
      if (!(thrown instanceof SutureError)) throw thrown;
    }
  }
  return found;
}
