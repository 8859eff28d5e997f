import { once } from 'node:events';
import { basename } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { ensure } from '../core/index.js';
import type { Model, Provider, WeightDType } from '../engine/index.js';
import { GRAMMARS, SEVERITIES, type Severity, type SourceLanguage } from '../scan/index.js';
import {
  type RunningServer,
  SCAN_POLICIES,
  type ScanPolicy,
  type ServerOptions,
  startServer,
} from '../server/index.js';
import { readGate, readVector, type VectorFile } from '../steer/index.js';
import { interruptible } from './interrupt.js';
import { load } from './load.js';
import {
  deviceOption,
  dtypeOption,
  modelOption,
  positive,
  signedByOption,
  threadsOption,
  wholeNumber,
} from './options.js';

/** Options of commands that serve a model. */
export interface ServingOptions {
  model: string;
  name: string;
  default?: string;
  vector: [string, string][];
  gate?: string;
  host: string;
  port: number;
  scan: ScanPolicy;
  scanLanguage?: SourceLanguage;
  scanSeverity: Severity;
  maxRows: number;
  maxQueue: number;
  keptTokens: number;
  maxTokens: number;
  maxBody: number;
  timeout: number;
  drain: number;
  logPrompts?: true;
  force?: true;
  allowNegative?: true;
  signedBy?: string;
  dtype: WeightDType;
  device: Provider;
  threads?: number;
}

/** `suture serve`: an OpenAI-compatible server, repaired models by name. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .description("answer OpenAI's clients and editor plug-ins, each repair under a model name")
    .option('--quiet', 'no log')
    .addHelpText('after', HELP)
    .action((options: ServingOptions & { quiet?: true }) =>
      serve(options, {
        log: !options.quiet,
        serverOptions: () => ({}),
        announce: ({ url, models }) => `${url}  ${models.join(', ')}`,
      }),
    );
  return withServingOptions(command);
}

export function withServingOptions(command: Command): Command {
  return command
    .addOption(modelOption())
    .option('--name <name>', 'of the model without vectors', 'base')
    .option(
      '-v, --vector <name=file>',
      'a steering vector, served as the model base+name; may be given several times',
      vectorOption,
      [],
    )
    .option(
      '--gate <file>',
      'a gate written by "suture gate train": it chooses among the vectors for the model base+auto',
    )
    .option('--default <model>', 'for requests that name no model, as /infill allows')
    .option('--host <host>', 'where to listen; beyond this machine only with a key', '127.0.0.1')
    .option('-p, --port <n>', 'where to listen; 0 is any free one', wholeNumber(0), 8321)
    .addOption(
      new Option('--scan <policy>', 'what is done about weaknesses in completions')
        .choices(SCAN_POLICIES)
        .default('off'),
    )
    .addOption(
      new Option(
        '--scan-language <name>',
        'of completions whose language nothing tells (default: they are not scanned)',
      ).choices(GRAMMARS),
    )
    .addOption(
      new Option('--scan-severity <level>', 'leave out less').choices(SEVERITIES).default('low'),
    )
    .option('--max-rows <n>', 'completions computed at a time', wholeNumber(1), 16)
    .option('--max-queue <n>', 'completions that may wait beside them', wholeNumber(0), 64)
    .option(
      '--kept-tokens <n>',
      'tokens of prompts that are kept for those that begin alike',
      wholeNumber(0),
      4096,
    )
    .option('--max-tokens <n>', 'most new tokens of a completion', wholeNumber(1), 2048)
    .option('--max-body <bytes>', 'largest body of a request', wholeNumber(1), 1024 * 1024)
    .option('--timeout <s>', 'seconds that a request may take', positive, 300)
    .option('--drain <s>', 'seconds that requests have to finish at the end', positive, 30)
    .option('--log-prompts', 'write prompts and completions into the log too')
    .option('--force', 'take vectors and a gate that were made for another model')
    .option('--allow-negative', 'take scales below 0, which turn a repair into an attack')
    .addOption(signedByOption())
    .addOption(dtypeOption())
    .addOption(deviceOption())
    .addOption(threadsOption());
}

const HELP = `
Keys come from the environment, where other users do not see them:
  SUTURE_API_KEY    requests must bear it (several: separated by commas)
  SUTURE_ADMIN_KEY  registers vectors while the server runs

Examples:
  suture serve --vector runs/repair-cwe-787-seed0/cwe-787.safetensors
  suture serve --vector sql=a.safetensors --vector shell=b.safetensors --scan annotate
  suture serve --vector a.safetensors --vector b.safetensors --gate gate.safetensors --default base+auto
  curl localhost:8321/v1/completions -H 'Content-Type: application/json' -d '{"model": "base", "prompt": "int main"}'`;

/** `name=file`, or a file that is called after the weakness. */
function vectorOption(given: string, before: [string, string][]): [string, string][] {
  const [, name = basename(given).replace(/\.safetensors$/, ''), file = given] =
    /^([\w.-]+)=(.+)$/s.exec(given) ?? [];
  if (before.some(([other]) => other === name)) {
    throw new InvalidArgumentError(`Two vectors have the name "${name}": give name=file.`);
  }
  return [...before, [name, file]];
}

/** How the commands that serve differ. */
interface Serving {
  /** Whether requests are logged on standard error. */
  log: boolean;
  /** What the server gets beside the options; vectors that are named on the command line go before these. */
  serverOptions(model: Model): ServerOptions;
  /** The line that says where it is. */
  announce(server: RunningServer): string;
}

/** Serves a model until the process is told to end. */
export async function serve(options: ServingOptions, serving: Serving): Promise<void> {
  const { model: id, dtype, device, threads, vector, logPrompts, drain, ...rest } = options;
  const { default: defaultModel } = options;
  const gate = options.gate === undefined ? undefined : readGate(options.gate);
  const named: Record<string, VectorFile> = Object.fromEntries(
    vector.map(([name, file]) => [name, readVector(file)]),
  );
  const apiKeys = (process.env.SUTURE_API_KEY ?? '').split(',').filter((key) => key !== '');
  const adminKey = process.env.SUTURE_ADMIN_KEY;
  ensure(adminKey !== '', 'BAD_ARGUMENT', 'SUTURE_ADMIN_KEY is empty: give a key, or unset it.');
  await interruptible(async (signal) => {
    const model = await load(id, { dtype, device, threads, signal });
    try {
      const own = serving.serverOptions(model);
      const server = await startServer(model, {
        ...rest,
        ...own,
        defaultModel,
        vectors: { ...own.vectors, ...named },
        gate,
        apiKeys,
        adminKey,
        logPrompts: logPrompts ?? false,
        ...(serving.log && { log: (entry) => process.stderr.write(`${JSON.stringify(entry)}\n`) }),
      });
      process.stdout.write(`${serving.announce(server)}\n`);
      if (!signal.aborted) await once(signal, 'abort');
      await server.close(drain * 1000);
    } finally {
      await model.close();
    }
  });
}
