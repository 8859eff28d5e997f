import { Command } from 'commander';
import type { GenerateOptions, Model, Prompts, Provider, WeightDType } from '../engine/index.js';
import { pairs } from '../organism/index.js';
import {
  applyVectors,
  type Decision,
  readVector,
  routeVectors,
  type VectorFile,
} from '../steer/index.js';
import {
  type ConstraintOptions,
  constrainedText,
  isConstrained,
  withConstraintOptions,
} from './constraints.js';
import { type GateOptions, gateOf, withGateOptions } from './gate-options.js';
import {
  type GuardOptions,
  type Guide,
  openGuide,
  prefixOf,
  withGuardOptions,
} from './guard-options.js';
import { interruptible } from './interrupt.js';
import { load } from './load.js';
import {
  decimal,
  deviceOption,
  dtypeOption,
  modelOption,
  threadsOption,
  type VectorOptions,
  wholeNumber,
  withVectorOptions,
} from './options.js';

interface Options extends VectorOptions, GateOptions, GuardOptions, ConstraintOptions {
  model: string;
  raw?: true;
  suffix?: string;
  stop?: string[];
  maxTokens: number;
  temperature: number;
  topP: number;
  seed: number;
  threads?: number;
  dtype: WeightDType;
  device: Provider;
}

/** `suture generate`: a completion as it streams, without a repair and with it. */
export function generateCommand(): Command {
  const command = new Command('generate')
    .description('complete a prompt, without a repair and with it')
    .argument('[prompt]', 'what to ask (default: a task of the weakness that the vector is for)')
    .addOption(modelOption())
    .option('--raw', 'give the prompt as it is, without the chat template')
    .option('--suffix <text>', 'fill in what lies between the prompt and this text')
    .option('--stop <text...>', 'texts that end the completion')
    .option('--max-tokens <n>', 'limit of new tokens', wholeNumber(1), 128)
    .option('-t, --temperature <x>', '0 is greedy', decimal, 0)
    .option('--top-p <x>', 'nucleus of the sampling', decimal, 1)
    .option('--seed <n>', 'seed of the sampling', wholeNumber(0), 0)
    .addOption(dtypeOption())
    .addOption(deviceOption())
    .addOption(threadsOption())
    .action(run);
  return withConstraintOptions(withVectorOptions(withGuardOptions(withGateOptions(command))));
}

async function run(prompt: string | undefined, options: Options): Promise<void> {
  const files = (options.vector ?? []).map(readVector);
  const gate = gateOf(options);
  const asked =
    prompt ??
    pairs(files[0]?.metadata.cwe ?? 'CWE-787').find(({ split }) => split === 'judge')!.prompts
      .insecure;
  const prompts = promptsOf(asked, options);
  await interruptible(async (signal) => {
    const { dtype, device, threads } = options;
    const model = await load(options.model, { dtype, device, threads, signal });
    try {
      if (prompt === undefined) write(`Prompt:\n${asked}\n\n`);
      if (isConstrained(options)) {
        const { adapter } = options;
        write(`Without being told${adapter === undefined ? '' : `, adapter ${adapter}`}:\n`);
        const written = adapter === undefined ? {} : { adapter };
        await stream(model, prompts, options, signal, written);
        write(`\n${await constrainedText(model, prompts, options, signal)}`);
        return;
      }
      const learnt = learntOf(options);
      const prefix = prefixOf(model, options)?.prefix;
      const guide = await openGuide(model, options, signal);
      if (files.length === 0 && !learnt) {
        await stream(model, prompts, options, signal);
        return;
      }
      try {
        const edits = gate
          ? routeVectors(gate, files, model, {
              ...options,
              every: options.gateEvery,
              onDecision: (decision, { tokens }) => write(decided(decision, tokens)),
            })
          : { interventions: applyVectors(files, model, { ...options, rule: options.combine }) };
        const [the, it] = files.length > 1 ? ['the vectors', 'them'] : ['the vector', 'it'];
        write(`Without ${files.length > 0 ? the : `the ${learnt!.what}`}:\n`);
        await stream(model, prompts, options, signal);
        const choice = options.control ?? options.expertVariant;
        const which = choice ? `, ${choice}` : '';
        const also = learnt ? [`${learnt.what} ${learnt.dir}${which}`] : [];
        const used = [...files.map((file) => described(file, options)), ...also];
        write(`\nWith ${gate ? 'the gate' : it} (${used.join('; ')}):\n`);
        await stream(model, prompts, options, signal, {
          ...edits,
          ...(options.adapter !== undefined && { adapter: options.adapter }),
          ...(prefix && { prefix }),
          ...(await guide?.options(model.encode(prompts))),
        });
      } finally {
        await guide?.close();
      }
    } finally {
      await model.close();
    }
  });
}

/** What was learnt and acts beside vectors. */
function learntOf({
  guard,
  adapter,
  prefix,
  expert,
}: Options): { what: string; dir: string } | undefined {
  const [learnt] = Object.entries({ guard, adapter, prefix, expert }).flatMap(([what, dir]) =>
    dir === undefined ? [] : [{ what, dir }],
  );
  return learnt;
}

function described({ metadata, directions }: VectorFile, options: Options): string {
  const layers = [...directions.keys()].join(', ');
  const place = directions.size === 1 ? `layer ${layers}` : `layers ${layers}`;
  const strength =
    options.share === undefined
      ? `strength ${options.strength ?? metadata.strength}`
      : `${options.share} of the stream's length`;
  return `${metadata.cwe ?? 'imported'}, ${place}, ${strength}`;
}

/** Which vector acts from here on, and why. */
function decided({ score, threshold, cwe, acts }: Decision, tokens: number): string {
  const why = `score ${score.toFixed(2)}, ${cwe ? '' : 'not '}above ${threshold.toFixed(2)}`;
  let what = 'no vector acts';
  if (acts) what = `the vector against ${cwe} acts`;
  else if (cwe) what = `no vector was given against ${cwe}`;
  return tokens === 0 ? `[${what}: ${why}]\n` : `[token ${tokens}: ${what}: ${why}]`;
}

function promptsOf(asked: string, { suffix, raw }: Options): Prompts {
  if (suffix !== undefined) return { infill: { prefix: asked, suffix } };
  return raw ? { text: asked } : { messages: [{ role: 'user', content: asked }] };
}

const write = (text: string) => process.stdout.write(text);

async function stream(
  model: Model,
  prompts: Prompts,
  options: Options,
  signal: AbortSignal,
  edits: Pick<
    GenerateOptions,
    'interventions' | 'gate' | 'adapter' | 'prefix' | keyof Awaited<ReturnType<Guide['options']>>
  > = {},
): Promise<void> {
  const { maxTokens, temperature, topP, seed, stop = [] } = options;
  await model.generate(prompts, {
    maxNewTokens: maxTokens,
    temperature,
    topP,
    seed,
    stop,
    ...edits,
    signal,
    onText: ({ text }) => write(text),
  });
  write('\n');
}
