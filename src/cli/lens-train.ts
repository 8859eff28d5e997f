import { Command } from 'commander';
import { readText } from '../core/index.js';
import {
  figure,
  type TunedLens,
  textRows,
  tunedVerdict,
  tuneLens,
  writeTunedLens,
} from '../diagnose/index.js';
import type { Model } from '../engine/index.js';
import { corpus } from '../organism/index.js';
import { formatTable, layerName } from './format.js';
import { interruptible } from './interrupt.js';
import { load } from './load.js';
import { modelOption, positive, threadsOption, wholeNumber } from './options.js';
import { StagedProgress } from './progress.js';

interface Options {
  model: string;
  text?: string;
  out: string;
  steps: number;
  tokens: number;
  rate?: number;
  seed: number;
  threads?: number;
  json?: true;
}

/** Exchanges of the organism's corpus that a lens is trained on and judged by. */
const EXCHANGES = 2000;
/** Its own training has seed 1. */
const CORPUS_SEED = 2_000_003;

/** `suture lens train`: a tuned lens for a model. */
export function lensTrainCommand(): Command {
  return new Command('train')
    .description('train a tuned lens: an affine map for each layer')
    .requiredOption('-o, --out <file>', 'where it goes, as safetensors')
    .addOption(modelOption())
    .option('--text <file>', 'text to train on (default: exchanges as the organism learnt from)')
    .option('--steps <n>', 'steps of AdamW', wholeNumber(1), 200)
    .option('--tokens <n>', 'most tokens of a step; they bound the memory', wholeNumber(2), 512)
    .option('--rate <x>', 'first learning rate, which falls to 0 (default: 1 / d_model)', positive)
    .option('--seed <n>', 'seed of the order and of the bootstrap', wholeNumber(0), 0)
    .addOption(threadsOption())
    .option('--json', 'print all figures as JSON')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { out, steps, tokens, rate, seed, threads } = options;
  const text = options.text === undefined ? undefined : readText(options.text);
  await interruptible(async (signal) => {
    const model = await load(options.model, { threads, signal });
    const progress = new StagedProgress();
    try {
      const rows =
        text === undefined ? exchanges(model) : textRows(model, text, Math.min(tokens, 128));
      const tuned = await tuneLens(model, rows, {
        steps,
        tokens,
        ...(rate !== undefined && { rate }),
        seed,
        ...(threads !== undefined && { threads }),
        signal,
        onProgress: (stage, done, total) => progress.update(stage, done, total),
      });
      writeTunedLens(out, tuned);
      progress.done();
      const { translators: _, ...figures } = tuned;
      process.stdout.write(
        options.json ? `${JSON.stringify(figures, null, 2)}\n` : show(tuned, out),
      );
    } finally {
      progress.done();
      await model.close();
    }
  });
}

/** Requests and reviews with their answers, none of which the organism was trained on but by chance. */
function exchanges(model: Model): number[][] {
  const samples = corpus(CORPUS_SEED);
  return Array.from({ length: EXCHANGES }, () => {
    const { prompt, body } = samples.next().value;
    const [asked] = model.encode({ messages: [{ role: 'user', content: prompt }] });
    return [...asked!, ...model.tokenizer!.encode(body, { addSpecialTokens: false })];
  });
}

function show(tuned: TunedLens, out: string): string {
  const { model, rows, depths } = tuned;
  const table = formatTable([
    ['layer', 'KL, logit lens', 'KL, tuned lens', 'gain'],
    ...depths.map(({ layer, logit, tuned, gain }) => [
      layerName(layer),
      figure(logit),
      figure(tuned),
      figure(gain),
    ]),
  ]);
  return `${model}: trained on ${rows.trained} rows of text, judged on ${rows.heldOut} others; KL to the final distribution in nats, 95 % intervals over rows\n\n${table}\n${tunedVerdict(tuned)}\nWritten to ${out}\nNext  suture lens --model ${model} --tuned ${out}\n`;
}
