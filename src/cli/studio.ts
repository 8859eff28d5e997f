import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { ensure, SutureError } from '../core/index.js';
import type { Model } from '../engine/index.js';
import { runFolders } from '../evaluate/index.js';
import { type Launch, runVector, vectorName } from '../server/index.js';
import { applyVector, type VectorFile } from '../steer/index.js';
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
      studio: { runs, launch: launcher(options) },
      // A gate knows one vector against each weakness: those that are named.
      ...(!options.gate && { vectors: vectorsOf(runs, model, options) }),
    }),
    announce: ({ url }) => url.replace(/v1$/, 'studio'),
  });
}

/** Vectors that runs have left for this model, by the names of the runs; all others are passed over. */
function vectorsOf(runs: string, model: Model, rules: ServingOptions) {
  const found: Record<string, VectorFile> = {};
  for (const dir of runFolders(runs, 2)) {
    const file = runVector(dir);
    if (file && fits(file, model, rules)) found[vectorName(runs, dir)] = file;
  }
  return found;
}

function fits(file: VectorFile, model: Model, rules: ServingOptions): boolean {
  try {
    applyVector(file, model, rules);
    return true;
  } catch (thrown) {
    if (thrown instanceof SutureError) return false;
    throw thrown;
  }
}

/** Starts commands as processes of their own, with the model that is served. */
function launcher({ model, dtype, device, threads }: ServingOptions): Launch {
  const same = ['--model', model, '--device', device];
  if (threads !== undefined) same.push('--threads', String(threads));
  return (args) => {
    // Analyses are made in float32 alone.
    const precision = args[0] === 'repair' ? ['--dtype', dtype] : [];
    return spawn(process.execPath, [process.argv[1]!, ...args, ...same, ...precision], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  };
}
