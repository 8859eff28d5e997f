import { Command, Option } from 'commander';
import { loadModel } from '../engine/index.js';
import {
  measureOrganism,
  ORGANISM_FAMILIES,
  type OrganismFamily,
  RECIPE,
  trainOrganism,
  writeModelCard,
} from '../organism/index.js';
import { interruptible } from './interrupt.js';
import { threadsOption, wholeNumber } from './options.js';

/** `suture organism`: the model that ships, made again from nothing. */
export function organismCommand(): Command {
  return new Command('organism')
    .description('train and measure the small model that ships')
    .addCommand(
      new Command('train')
        .description(
          'write the corpus, train the tokenizer and the model, measure it, write its card',
        )
        .argument('<dir>', 'folder for the model; a run that was cut off resumes there')
        .addOption(
          new Option('--family <name>', 'architecture')
            .choices(ORGANISM_FAMILIES)
            .default('llama' satisfies OrganismFamily),
        )
        .option('--seed <n>', 'seed of the corpus and the weights', wholeNumber(0), 1)
        .option('--steps <n>', 'training steps', wholeNumber(1), RECIPE.steps)
        .addOption(threadsOption())
        .action(train),
    )
    .addCommand(
      new Command('measure')
        .description('measure review, generation and utility, and print them as JSON')
        .argument('[dir]', 'folder of the model', 'organism')
        .addOption(threadsOption())
        .action(measure),
    );
}

async function train(
  dir: string,
  options: { family: OrganismFamily; seed: number; steps: number; threads?: number },
): Promise<void> {
  const { family, seed, steps, threads } = options;
  await interruptible(async (signal) => {
    const threadOption = threads === undefined ? {} : { threads };
    const run = await trainOrganism({ dir, family, seed, steps, signal, ...threadOption });
    const measured = await withModel(dir, threads, (model) => measureOrganism(model, { signal }));
    writeModelCard(dir, run, measured);
    process.stdout.write(`${JSON.stringify(measured, null, 2)}\n`);
  });
}

async function measure(dir: string, { threads }: { threads?: number }): Promise<void> {
  await interruptible(async (signal) => {
    const measured = await withModel(dir, threads, (model) => measureOrganism(model, { signal }));
    process.stdout.write(`${JSON.stringify(measured, null, 2)}\n`);
  });
}

async function withModel<T>(
  dir: string,
  threads: number | undefined,
  work: (model: Awaited<ReturnType<typeof loadModel>>) => Promise<T>,
): Promise<T> {
  const model = await loadModel(dir, threads === undefined ? {} : { threads });
  try {
    return await work(model);
  } finally {
    await model.close();
  }
}
