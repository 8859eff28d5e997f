import { Command, Option } from 'commander';
import { ensure } from '../core/index.js';
import {
  figure,
  PROBE_POSITIONS,
  type ProbePair,
  type ProbePosition,
  type ProbeReport,
  probe,
  probeVerdict,
  promptPairs,
  pValue,
  readPromptPairs,
  readSvenPairs,
  signed,
} from '../diagnose/index.js';
import type { Provider } from '../engine/index.js';
import { formatTable } from './format.js';
import { interruptible } from './interrupt.js';
import { load } from './load.js';
import {
  cweInFile,
  deviceOption,
  knownCwe,
  modelOption,
  namesOf,
  threadsOption,
  wholeNumber,
} from './options.js';
import { StagedProgress } from './progress.js';
import { type SetOptions, setOption, pairsOf as shippedPairs } from './sets.js';

interface Options extends Omit<SetOptions, 'items'> {
  cwe?: string;
  sven?: string;
  position?: ProbePosition[];
  maxTokens: number;
  shuffles: number;
  seed: number;
  threads?: number;
  device: Provider;
  json?: true;
}

/** `suture probe`: from which layer on is it decodable? */
export function probeCommand(): Command {
  return new Command('probe')
    .description(
      'from which layer on can it be read off that a prompt asks for, or a function is, vulnerable code?',
    )
    .addOption(modelOption())
    .option(
      '-c, --cwe <cwe>',
      'the weakness (default: CWE-787), or the only one to take from a file',
      cweInFile,
    )
    .addOption(
      new Option('-p, --pairs <file>', 'prompt pairs of your own as JSONL').conflicts([
        'sven',
        'set',
      ]),
    )
    .addOption(setOption())
    .option('--sven <dir>', 'pairs of functions before and after a fix, as SVEN lays them out')
    .option(
      '--position <names>',
      `where to read, of ${PROBE_POSITIONS.join(', ')} (default: last_prompt,decision; of functions changed,mean)`,
      namesOf(PROBE_POSITIONS),
    )
    .option('--max-tokens <n>', 'leave out pairs with a longer text', wholeNumber(1), 1024)
    .option('--shuffles <n>', 'sets of shuffled labels', wholeNumber(1), 3)
    .option('--seed <n>', 'seed of every random draw', wholeNumber(0), 0)
    .addOption(deviceOption())
    .addOption(threadsOption())
    .option('--json', 'print all figures as JSON')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { device, threads, position, maxTokens, shuffles, seed } = options;
  const chosen = pairsOf(options);
  await interruptible(async (signal) => {
    const model = await load(options.model, { device, threads, signal });
    try {
      const progress = new StagedProgress();
      const report = await probe(model, chosen, {
        ...(position && { positions: position }),
        maxTokens,
        shuffles,
        seed,
        signal,
        onProgress: (stage, done, total) => progress.update(stage, done, total),
      });
      progress.done();
      process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : show(report));
    } finally {
      await model.close();
    }
  });
}

function pairsOf({ cwe: only, pairs: file, sven, ...options }: Options): ProbePair[] {
  const path = file ?? sven;
  if (path === undefined) return promptPairs(shippedPairs(options, knownCwe(only)));
  const found = file === undefined ? readSvenPairs(path) : readPromptPairs(path);
  const chosen = found.filter((one) => only === undefined || one.cwe === only);
  ensure(
    chosen.length > 0,
    'BAD_DATA',
    only === undefined ? `There is no pair in ${path}.` : `There is no pair of ${only} in ${path}.`,
  );
  return chosen.map(({ pair }) => pair);
}

function show(report: ProbeReport): string {
  const { leftOut, groups, shuffles } = report;
  const left = [
    [leftOut.identical.length, 'with identical texts'],
    [leftOut.tooLong.length, `with more than ${report.maxTokens} tokens`],
  ].flatMap(([count, why]) => (count === 0 ? [] : [`${count} ${why}`]));
  const { pairs, judgedInOtherForms } = report;
  const judged =
    judgedInOtherForms === undefined
      ? 'each judged by probes that never saw it'
      : `${judgedInOtherForms} of them judged by probes that saw neither their group nor their wording`;
  const head = [
    `${report.model}: ${pairs} pairs of ${groups} groups, ${judged}; 95 % intervals over groups`,
    ...(left.length > 0 ? [`left out: ${left.join(', ')}`] : []),
  ];
  const tail = `Selectivity: AUROC minus that of shuffled labels (mean of ${shuffles}). Beyond: AUROC minus that of the
stronger of the two controls. p: of "beyond", signs flipped by group, over all layers together; with ${groups}
groups none is below ${Math.max(2 ** (1 - groups), 1e-4).toPrecision(2)}.
`;
  return `${head.join('\n')}\n\n${report.positions.map(showPosition).join('\n')}\n${tail}`;
}

function showPosition(found: ProbeReport['positions'][number]): string {
  const titles = [
    'layer',
    'AUROC',
    'pairs',
    'gap',
    'ECE',
    'selectivity',
    'beyond',
    'p',
    'p (Holm)',
  ];
  const rows = found.layers.map((layer) => [
    `${layer.layer}`,
    figure(layer.auroc),
    layer.pairedAccuracy.value.toFixed(3),
    layer.gap.value.toFixed(3),
    layer.ece.toFixed(3),
    signed(layer.selectivity.value, 3),
    signed(layer.beyondControls.value, 3),
    pValue(layer.beyondControls.pJoint),
    pValue(layer.beyondControls.pHolm),
  ]);
  const control = (name: string, score: typeof found.controls.embeddings) => [
    name,
    figure(score.auroc),
    score.pairedAccuracy.value.toFixed(3),
    score.gap.value.toFixed(3),
    score.ece.toFixed(3),
    signed(score.auroc.value - score.shuffled, 3),
  ];
  const table = formatTable([
    titles,
    ...rows,
    control('bag of tokens', found.controls.bagOfTokens),
    control('embeddings', found.controls.embeddings),
  ]);
  const { peak, peakLayer, final, drop } = found.deepGuard;
  const deepGuard = `DeepGuard's statistic, mean P(vulnerable) on vulnerable texts alone (a probe that always says vulnerable has 1): peak ${peak.toFixed(3)} at layer ${peakLayer}, ${final.toFixed(3)} at the last, a drop of ${(100 * drop).toFixed(1)} %.`;
  return `${found.position}\n${table}${probeVerdict(found)}\n${deepGuard}\n`;
}
