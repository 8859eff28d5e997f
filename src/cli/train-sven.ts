import { join } from 'node:path';
import { Command } from 'commander';
import { distinctPairs, SVEN, trainSven } from '../guard/index.js';
import { formatCount } from './format.js';
import { interruptible } from './interrupt.js';
import { load } from './load.js';
import { wholeNumber } from './options.js';
import {
  functionsOf,
  groupsOf,
  leftOutText,
  type PairOptions,
  shareBelowOne,
  trainingOf,
  weight,
  wholePairs,
  withPaceOptions,
  withPairOptions,
} from './train-pairs.js';

interface Options extends Omit<PairOptions, 'epochs'> {
  epochs?: number;
  length?: number;
  contrastive: number;
  kl?: number;
  dropout: number;
}

/** `suture train sven`: prefixes that make a model write secure code, or vulnerable. */
export function trainSvenCommand(): Command {
  const command = new Command('sven')
    .description('train SVEN: keys and values before the prompt, the model itself as it is')
    .option(
      '--length <n>',
      'tokens that a prefix stands for (default: 5, 8 or 12, by the model’s size)',
      wholeNumber(1),
    )
    .option('--contrastive <x>', 'factor of the contrastive loss', weight, SVEN.contrastive)
    .option(
      '--kl <x>',
      'factor of the divergence on unchanged tokens (default: 1.6, or 2 for the largest models)',
      weight,
    )
    .option(
      '--dropout <x>',
      'share of a prefix that is dropped in training',
      shareBelowOne,
      SVEN.dropout,
    )
    .action(run);
  const pace = { ...SVEN, epochs: undefined };
  const epochs = 'epochs (default: 8, or 5 for models above 2 billion parameters)';
  return withPaceOptions(withPairOptions(command), 'functions', pace, epochs);
}

async function run(options: Options): Promise<void> {
  const { epochs, batch, accumulate, rate, seed, threads, length, contrastive, kl, dropout } =
    options;
  const dir = options.out ?? join('runs', `sven-seed${seed}`);
  const { pairs: functions, leftOut } = distinctPairs(functionsOf(options));
  await interruptible(async (signal) => {
    const model = await load(options.model, { threads, signal });
    try {
      const { pairs, cuts } = wholePairs(model, functions, 'mix');
      const trained = await trainSven(model, pairs, {
        dir,
        batchSize: batch,
        accumulate,
        rate,
        contrastive,
        dropout,
        seed,
        ...(epochs !== undefined && { epochs }),
        ...(length !== undefined && { length }),
        ...(kl !== undefined && { kl }),
        ...trainingOf(options, signal),
      });
      if (options.json) {
        const figures = { dir, leftOut, cuts, pairs: pairs.length, ...trained };
        process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
        return;
      }
      const lines = [
        `${pairs.length} pairs of ${groupsOf(pairs)} groups${leftOutText(leftOut, { ...cuts, ...trained.unused })}`,
        `${trained.samples} functions an epoch; ${formatCount(trained.parameters)} parameters of two prefixes of ${trained.length} tokens; ${trained.steps} steps`,
        `Written to ${dir}`,
        `Next  suture generate --prefix ${dir}`,
      ];
      process.stdout.write(`${lines.join('\n')}\n`);
    } finally {
      await model.close();
    }
  });
}
