import { Command } from 'commander';
import { bakeVector, readVector } from '../steer/index.js';
import { interruptible } from './interrupt.js';
import { WORTH_TELLING } from './load.js';
import { type StrengthOptions, withStrengthOptions } from './options.js';
import { StagedProgress } from './progress.js';

interface Options extends StrengthOptions {
  out: string;
  model: string;
  asLlama?: true;
}

/** `suture vector bake`: a copy of a model in which a vector always acts. */
export function vectorBakeCommand(): Command {
  const command = new Command('bake')
    .description('write a copy of a model in which a vector acts at every position')
    .argument('<file>', 'a steering vector')
    .requiredOption(
      '-m, --model <model>',
      'the model: a folder, org/name that was pulled, organism',
    )
    .requiredOption('-o, --out <dir>', 'a folder that is not there yet')
    .option('--as-llama', 'write a Mistral or Qwen2 model as a Llama one, which can carry a vector')
    .action(run);
  return withStrengthOptions(command);
}

async function run(path: string, { model, out, ...options }: Options): Promise<void> {
  const file = readVector(path);
  const progress = new StagedProgress();
  try {
    const baked = await interruptible((signal) =>
      bakeVector(file, model, out, {
        ...options,
        signal,
        onProgress: (stage, done, total) => {
          if (total >= WORTH_TELLING) progress.update(stage, done, total);
        },
      }),
    );
    progress.done();
    const { biases, added, config, rounding } = baked;
    const changes = Object.entries(config).map(([field, value]) =>
      value === undefined ? `${field} removed` : `${field} ${JSON.stringify(value)}`,
    );
    const lines = [
      `${out}: ${model} with the vector in ${biases.join(', ')}`,
      ...(added > 0 ? [`${added} biases are new, zero but for the vector`] : []),
      ...(changes.length > 0 ? [`config.json: ${changes.join(', ')}`] : []),
      ...(rounding > 0
        ? [
            `It is kept in float32; a program that rounds it to the type of the other weights loses ${(100 * rounding).toPrecision(2)} % of it.`,
          ]
        : []),
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
    const { positions } = file.metadata;
    if (positions !== 'all') {
      console.error(
        `It now acts at every token, the prompt's too; it was evaluated at ${positions}: measure it again, with "suture eval run --model ${out}".`,
      );
    }
  } finally {
    progress.done();
  }
}
