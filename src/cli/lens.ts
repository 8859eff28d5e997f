import { Command, Option } from 'commander';
import { ensure } from '../core/index.js';
import {
  figure,
  type LensFindings,
  type LensPair,
  lens,
  lensVerdict,
  pValue,
  readLensPairs,
  readTunedLens,
} from '../diagnose/index.js';
import type { Provider } from '../engine/index.js';
import { formatTable, layerName } from './format.js';
import { interruptible } from './interrupt.js';
import { lensTrainCommand } from './lens-train.js';
import { load } from './load.js';
import {
  cweInFile,
  deviceOption,
  knownCwe,
  modelOption,
  threadsOption,
  wholeNumber,
} from './options.js';
import { StagedProgress } from './progress.js';
import { pairsOf, type SetOptions, setOption } from './sets.js';

interface Options extends Omit<SetOptions, 'items'> {
  cwe?: string;
  tuned?: string;
  seed: number;
  threads?: number;
  device: Provider;
  json?: true;
}

/** `suture lens`: what would the model say after each layer? */
export function lensCommand(): Command {
  return new Command('lens')
    .description(
      'what would the model write after each layer, where secure and insecure code part?',
    )
    .addOption(modelOption())
    .option(
      '-c, --cwe <cwe>',
      'the weakness (default: CWE-787), or the only one to take from a file',
      cweInFile,
    )
    .addOption(setOption())
    .addOption(decisionPairsOption())
    .option('--tuned <file>', 'a tuned lens from "suture lens train" (default: the logit lens)')
    .option('--seed <n>', 'seed of the bootstrap', wholeNumber(0), 0)
    .addOption(deviceOption())
    .addOption(threadsOption())
    .option('--json', 'print all figures as JSON')
    .enablePositionalOptions() // what follows "train" is its own
    .addCommand(lensTrainCommand())
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { device, threads, seed, tuned } = options;
  const chosen = decisionPairs(options);
  await interruptible(async (signal) => {
    const model = await load(options.model, { device, threads, signal });
    try {
      const progress = new StagedProgress();
      const findings = await lens(model, chosen, {
        ...(tuned !== undefined && { translators: readTunedLens(tuned, model) }),
        seed,
        signal,
        onProgress: (stage, done, total) => progress.update(stage, done, total),
      });
      progress.done();
      process.stdout.write(
        options.json ? `${JSON.stringify(findings, null, 2)}\n` : show(findings),
      );
    } finally {
      await model.close();
    }
  });
}

export const decisionPairsOption = () =>
  new Option('-p, --pairs <file>', 'prompt pairs with bodies of your own as JSONL').conflicts(
    'set',
  );

/** Pairs whose bodies part: shipped, or those of a file. */
export function decisionPairs(options: Omit<SetOptions, 'items'> & { cwe?: string }): LensPair[] {
  const { cwe: only, pairs: file } = options;
  if (file === undefined) return pairsOf(options, knownCwe(only));
  const chosen = readLensPairs(file).filter((one) => only === undefined || one.cwe === only);
  ensure(
    chosen.length > 0,
    'BAD_DATA',
    only === undefined ? `There is no pair in ${file}.` : `There is no pair of ${only} in ${file}.`,
  );
  return chosen.map(({ pair }) => pair);
}

function show(findings: LensFindings): string {
  const { leftOut } = findings;
  const left = [
    [leftOut.oneSided.length, 'of which one body only goes on from the other'],
    [leftOut.tooLong.length, "longer than the model's context"],
  ].flatMap(([count, why]) => (count === 0 ? [] : [`${count} ${why}`]));
  const head = [
    `${findings.model}: ${findings.lens} lens, ${findings.pairs} pairs of ${findings.bases} bases; 95 % intervals over bases`,
    ...(left.length > 0 ? [`left out: ${left.join(', ')}`] : []),
  ];
  const curves = Object.entries(findings.prompts).map(([intent, { depths }]) => {
    const titles = [
      'layer',
      'logit difference',
      'whole part',
      'unrelated',
      'P(secure)',
      'rank',
      'P(insecure)',
      'rank',
      'entropy',
    ];
    const rows = depths.map((depth) => [
      layerName(depth.layer),
      figure(depth.difference),
      depth.whole.value.toFixed(2),
      depth.control.value.toFixed(2),
      depth.secure.probability.toPrecision(2),
      depth.secure.rank.toFixed(0),
      depth.insecure.probability.toPrecision(2),
      depth.insecure.rank.toFixed(0),
      depth.entropy.toFixed(2),
    ]);
    return `${intent} prompts\n${formatTable([titles, ...rows])}`;
  });
  const contrast = formatTable([
    ['layer', 'logit difference', 'unrelated', 'p'],
    ...findings.contrast.depths.map(({ layer, difference, control, p }) => [
      layerName(layer),
      figure(difference),
      figure(control),
      pValue(p),
    ]),
  ]);
  const verdict = lensVerdict(findings).join('\n');
  return `${head.join('\n')}\n\n${curves.join('\n')}\nsecure prompts minus insecure ones\n${contrast}\n${verdict}\n`;
}
