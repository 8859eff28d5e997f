import { Command } from 'commander';
import { pullModel } from '../engine/index.js';
import { formatBytes } from './format.js';
import { interruptible } from './interrupt.js';
import { StagedProgress } from './progress.js';

/** `suture pull`: the only command that goes to the network. */
export function pullCommand(): Command {
  return new Command('pull')
    .description(
      'download a model from the Hugging Face hub into the cache that its own libraries share; goes on where it was interrupted (token: HF_TOKEN, other hub: HF_ENDPOINT, cache: HF_HOME)',
    )
    .argument('<model>', 'org/name, or org/name@revision for a branch, tag or commit')
    .action(run);
}

async function run(id: string): Promise<void> {
  const progress = new StagedProgress();
  await interruptible(async (signal) => {
    try {
      const { dir, commit, files } = await pullModel(id, {
        signal,
        onProgress: (stage, done, total) => progress.update(stage, done, total),
      });
      progress.done();
      const bytes = files.reduce((sum, { size }) => sum + size, 0);
      process.stdout.write(
        `${id}: ${files.length} files, ${formatBytes(bytes)}, commit ${commit}\n\nFolder  ${dir}\nLook    npx suture inspect ${id}\nTry it  npx suture generate --model ${id} "..."\n`,
      );
    } finally {
      progress.done();
    }
  });
}
