import { join } from 'node:path';
import { Command } from 'commander';
import {
  distinctPairs,
  type OrdinaryAnswer,
  readAnswers,
  SAFECODER,
  trainSafeCoder,
} from '../guard/index.js';
import { corpus } from '../organism/index.js';
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
  weight,
  wholePairs,
  withAdapterOptions,
  withPaceOptions,
  withPairOptions,
} from './train-pairs.js';

interface Options extends PairOptions {
  utility?: string;
  weight: number;
  kl: number;
  oversample: number;
  rank: number;
  alpha: number;
  dropout: number;
}

/** `suture train safecoder`: an adapter that has seen what to write, and what not to. */
export function trainSafeCoderCommand(): Command {
  const command = new Command('safecoder')
    .description('train SafeCoder: an adapter, by likelihood and unlikelihood of changed tokens')
    .option(
      '--utility <jsonl>',
      'what it is to stay good at: rows of prompt and completion, or of text (default: the organism’s own tasks with its own pairs, else none)',
    )
    .option('--weight <x>', 'factor of the losses on functions', weight, SAFECODER.weight)
    .option('--kl <x>', 'factor of the divergence on unchanged tokens', weight, SAFECODER.kl)
    .option(
      '--oversample <n>',
      'functions that each language and weakness is brought to; 0 for none',
      wholeNumber(0),
      SAFECODER.oversample,
    )
    .action(run);
  withAdapterOptions(withPairOptions(command), SAFECODER);
  return withPaceOptions(command, 'functions or answers', SAFECODER);
}

async function run(options: Options): Promise<void> {
  const { epochs, batch, accumulate, rate, rank, alpha, dropout, seed, threads } = options;
  const dir = options.out ?? join('runs', `safecoder-seed${seed}`);
  const { pairs: functions, leftOut } = distinctPairs(functionsOf(options));
  await interruptible(async (signal) => {
    const model = await load(options.model, { threads, signal });
    try {
      const { pairs, cuts } = wholePairs(model, functions, 'token');
      const trained = await trainSafeCoder(model, pairs, {
        dir,
        utility: utilityOf(options, functions.length),
        epochs,
        batchSize: batch,
        accumulate,
        rate,
        rank,
        alpha,
        dropout,
        weight: options.weight,
        kl: options.kl,
        oversample: options.oversample,
        seed,
        ...trainingOf(options, signal),
      });
      const { answers, ...unused } = trained.unused;
      if (options.json) {
        const figures = { dir, leftOut, cuts, pairs: pairs.length, ...trained };
        process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
        return;
      }
      const { samples } = trained;
      const lines = [
        `${pairs.length} pairs of ${groupsOf(pairs)} groups${leftOutText(leftOut, { ...cuts, ...unused })}`,
        `${samples.functions} functions an epoch, ${samples.drawnAgain} of them drawn again; ${samples.utility} answers${answers > 0 ? `; ${answers} left out, too long` : ''}`,
        `${formatCount(trained.parameters)} parameters (${trained.targetModules.join(', ')}); ${trained.steps} steps`,
        `Written to ${dir}`,
        `Next  suture generate --adapter ${dir}`,
      ];
      process.stdout.write(`${lines.join('\n')}\n`);
    } finally {
      await model.close();
    }
  });
}

/** What it is to stay good at: with the organism's own pairs as many of its own ordinary tasks. */
function utilityOf({ utility, functions, seed }: Options, count: number): OrdinaryAnswer[] {
  if (utility !== undefined) return readAnswers(utility);
  if (functions !== undefined) return [];
  const answers: OrdinaryAnswer[] = [];
  for (const { kind, prompt, body } of corpus(seed)) {
    if (answers.length === count) break;
    if (kind === 'utility') answers.push({ prompt, completion: body });
  }
  return answers;
}
