import { join } from 'node:path';
import { Command } from 'commander';
import { COSEC, distinctPairs, trainCoSec } from '../guard/index.js';
import { formatCount } from './format.js';
import { interruptible } from './interrupt.js';
import { load } from './load.js';
import { wholeNumber } from './options.js';
import {
  functionsOf,
  groupsOf,
  leftOutText,
  type PairOptions,
  trainingOf,
  wholePairs,
  withAdapterOptions,
  withPaceOptions,
  withPairOptions,
} from './train-pairs.js';

interface Options extends PairOptions {
  rank: number;
  alpha: number;
  dropout: number;
  warmup: number;
}

/** `suture train cosec`: a small model that drafts while a larger one writes. */
export function trainCoSecCommand(): Command {
  const command = new Command('cosec')
    .description('train CoSec’s expert: an adapter on a small model, which drafts for a larger one')
    .option('--warmup <n>', 'steps that lead up to the rate', wholeNumber(0), COSEC.warmup)
    .action(run);
  withAdapterOptions(withPairOptions(command), COSEC);
  return withPaceOptions(command, 'functions', COSEC);
}

async function run(options: Options): Promise<void> {
  const { epochs, batch, accumulate, rate, warmup, rank, alpha, dropout, seed, threads } = options;
  const dir = options.out ?? join('runs', `cosec-seed${seed}`);
  const { pairs: functions, leftOut } = distinctPairs(functionsOf(options));
  await interruptible(async (signal) => {
    const model = await load(options.model, { threads, signal });
    try {
      const { pairs, cuts } = wholePairs(model, functions, 'char');
      const trained = await trainCoSec(model, pairs, {
        dir,
        epochs,
        batchSize: batch,
        accumulate,
        rate,
        warmup,
        rank,
        alpha,
        dropout,
        seed,
        ...trainingOf(options, signal),
      });
      if (options.json) {
        const figures = { dir, leftOut, cuts, pairs: pairs.length, ...trained };
        process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
        return;
      }
      const lines = [
        `${pairs.length} pairs of ${groupsOf(pairs)} groups${leftOutText(leftOut, { ...cuts, ...trained.unused })}`,
        `${trained.samples} functions an epoch`,
        `${formatCount(trained.parameters)} parameters (${trained.targetModules.join(', ')}); ${trained.steps} steps`,
        `Written to ${dir}`,
        `Next  suture generate --expert ${dir} --expert-model ${options.model} --temperature 0.4 --model <larger model>`,
      ];
      process.stdout.write(`${lines.join('\n')}\n`);
    } finally {
      await model.close();
    }
  });
}
