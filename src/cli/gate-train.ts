import { Command, Option } from 'commander';
import type { Provider } from '../engine/index.js';
import { readPairs } from '../evaluate/index.js';
import { CWES, type Cwe } from '../scan/index.js';
import {
  concernedPrompts,
  GATE_METHODS,
  type GateEvaluation,
  type GateFile,
  type GateMethod,
  readOrdinaryPrompts,
  trainGate,
  writeGate,
} from '../steer/index.js';
import { formatTable } from './format.js';
import { rate, thresholdText } from './gate-show.js';
import { interruptible } from './interrupt.js';
import { load } from './load.js';
import { cwe, deviceOption, modelOption, positive, threadsOption } from './options.js';
import { ordinaryPromptsOf } from './ordinary.js';
import { StagedProgress } from './progress.js';
import { pairsOf, pairsOption, type SetOptions, setOption } from './sets.js';

interface Options extends Omit<SetOptions, 'items'> {
  out: string;
  cwe?: Cwe[];
  ordinary?: string;
  method: GateMethod;
  budget: number;
  threads?: number;
  device: Provider;
  json?: true;
}

/** `suture gate train`: a gate for a model, and what it does with prompts it never saw. */
export function gateTrainCommand(): Command {
  return new Command('train')
    .description('train a gate, and measure it on task families and wordings that it never saw')
    .requiredOption('-o, --out <file>', 'where it goes, as safetensors')
    .addOption(modelOption())
    .option(
      '-c, --cwe <cwe>',
      'a weakness to tell apart; may be repeated (default: all)',
      (text: string, others: Cwe[] = []) => [...others, cwe(text)],
    )
    .addOption(setOption())
    .addOption(pairsOption())
    .option(
      '--ordinary <file>',
      'prompts that are to be left alone, as JSONL (default: those that ship, by the model)',
    )
    .addOption(
      new Option('--method <method>', 'a logistic probe, or the projection on a direction')
        .choices(GATE_METHODS)
        .default('probe'),
    )
    .option('--budget <share>', 'share of ordinary prompts that may be steered', positive, 0.01)
    .addOption(deviceOption())
    .addOption(threadsOption())
    .option('--json', 'print all figures as JSON')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { out, method, budget, device, threads } = options;
  const { ordinary } = options;
  const prompts = [
    ...concernedOf(options),
    ...(ordinary === undefined ? ordinaryPromptsOf(options) : readOrdinaryPrompts(ordinary)),
  ];
  await interruptible(async (signal) => {
    const model = await load(options.model, { device, threads, signal });
    const progress = new StagedProgress();
    try {
      const { gate, evaluations } = await trainGate(model, prompts, {
        method,
        budget,
        signal,
        onProgress: (stage, done, total) => progress.update(stage, done, total),
      });
      progress.done();
      writeGate(out, gate);
      process.stdout.write(
        options.json
          ? `${JSON.stringify({ ...gate.metadata, evaluations }, null, 2)}\n`
          : show(gate, evaluations, out),
      );
    } finally {
      progress.done();
      await model.close();
    }
  });
}

function concernedOf(options: Options) {
  if (options.pairs !== undefined && !options.cwe)
    return concernedPrompts(readPairs(options.pairs));
  return concernedPrompts((options.cwe ?? CWES).flatMap((own) => pairsOf(options, own)));
}

function show(gate: GateFile, evaluations: readonly GateEvaluation[], out: string): string {
  const { model, layer, method } = gate.metadata;
  const table = formatTable([
    ['', 'ordinary, steered', 'concerned, left alone', 'taken for another'],
    ...evaluations.map(({ by, falseAlarms, missed, misrouted }) => [
      by,
      rate(falseAlarms),
      rate(missed),
      rate(misrouted),
    ]),
  ]);
  const { confusion } = evaluations[0]!;
  const names = Object.keys(confusion).sort();
  const matrix = formatTable([
    ['asked for', ...names.map((name) => `as ${name}`)],
    ...names.map((name) => [name, ...names.map((as) => String(confusion[name]![as] ?? 0))]),
  ]);
  return `${model}: on task families and wordings that it never saw, in per cent [95 %, bootstrapped over families]\n\n${table}\n${method}, what prompts were taken for\n${matrix}\n${thresholdText(gate)}\nIt reads layer ${layer}. Written to ${out}\nTry it  npx suture generate --model ${model} --gate ${out} --vector <file>\n`;
}
