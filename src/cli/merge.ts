import { Command } from 'commander';
import { mergeAdapter } from '../engine/index.js';
import { interruptible } from './interrupt.js';
import { WORTH_TELLING } from './load.js';
import { modelOption } from './options.js';
import { StagedProgress } from './progress.js';

/** `suture merge`: a copy of a model with an adapter in its weights. */
export function mergeCommand(): Command {
  return new Command('merge')
    .description('write a copy of a model with a LoRA adapter in its weights, for any program')
    .argument('<adapter>', 'a folder in PEFT layout')
    .addOption(modelOption())
    .requiredOption('-o, --out <dir>', 'a folder that is not there yet')
    .action(run);
}

async function run(adapter: string, { model, out }: { model: string; out: string }): Promise<void> {
  const progress = new StagedProgress();
  try {
    const { weights, rounding } = await interruptible((signal) =>
      mergeAdapter(model, adapter, out, {
        signal,
        onProgress: (stage, done, total) => {
          if (total >= WORTH_TELLING) progress.update(stage, done, total);
        },
      }),
    );
    progress.done();
    process.stdout.write(
      `${out}: ${model} with ${adapter} in ${weights.length} of its weights\n${
        rounding > 0
          ? `Rounded to their type: ${(100 * rounding).toPrecision(2)} % of what it adds is lost.\n`
          : ''
      }`,
    );
  } finally {
    progress.done();
  }
}
