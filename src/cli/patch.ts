import { Command } from 'commander';
import {
  figure,
  type PatchFindings,
  PLACES,
  type Place,
  patch,
  patchVerdict,
  pValue,
} from '../diagnose/index.js';
import type { Provider } from '../engine/index.js';
import { formatTable } from './format.js';
import { interruptible } from './interrupt.js';
import { decisionPairs, decisionPairsOption } from './lens.js';
import { load } from './load.js';
import {
  cweInFile,
  deviceOption,
  modelOption,
  namesOf,
  threadsOption,
  wholeNumber,
} from './options.js';
import { StagedProgress } from './progress.js';
import { type SetOptions, setOption } from './sets.js';

interface Options extends Omit<SetOptions, 'items'> {
  cwe?: string;
  perBase: number;
  places?: Place[];
  randoms: number;
  seed: number;
  threads?: number;
  device: Provider;
  json?: true;
}

/** `suture patch`: where does it act? */
export function patchCommand(): Command {
  return new Command('patch')
    .description(
      'where does it act? Activations of the secure prompt put into the run of the insecure one',
    )
    .addOption(modelOption())
    .option(
      '-c, --cwe <cwe>',
      'the weakness (default: CWE-787), or the only one to take from a file',
      cweInFile,
    )
    .addOption(setOption())
    .addOption(decisionPairsOption())
    .option('--per-base <n>', 'pairs of each base', wholeNumber(1), 4)
    .option(
      '--places <names>',
      `where to patch, of ${PLACES.join(', ')} (default: all; decision alone is much the cheapest)`,
      namesOf(PLACES),
    )
    .option('--randoms <n>', 'random vectors beside each', wholeNumber(1), 5)
    .option('--seed <n>', 'seed of every random draw', wholeNumber(0), 0)
    .addOption(deviceOption())
    .addOption(threadsOption())
    .option('--json', 'print all figures as JSON')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { device, threads, places, perBase, randoms, seed } = options;
  const chosen = decisionPairs(options);
  await interruptible(async (signal) => {
    const model = await load(options.model, { device, threads, signal });
    try {
      const progress = new StagedProgress();
      const findings = await patch(model, chosen, {
        ...(places && { places }),
        pairsPerBase: perBase,
        randoms,
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

function show(findings: PatchFindings): string {
  const { leftOut, total } = findings;
  const left = [
    [leftOut.oneSided.length, 'of which one body only goes on from the other'],
    [leftOut.identical.length, 'with identical prompts'],
    [leftOut.tooLong.length, "longer than the model's context"],
  ].flatMap(([count, why]) => (count === 0 ? [] : [`${count} ${why}`]));
  const verdict = `${patchVerdict(findings).join('\n')}\n`;
  const head = [
    `${findings.model}: ${findings.pairs} pairs of ${findings.bases} bases; 95 % intervals over bases; ${findings.runs} runs`,
    ...(left.length > 0 ? [`left out: ${left.join(', ')}`] : []),
    `changed tokens without a counterpart, not patched: ${findings.unaligned.toFixed(1)} a pair`,
    `logit difference, secure prompt minus insecure one: ${figure(total)}, p = ${pValue(total.p)}; shares below are of it`,
  ].join('\n');
  if (total.p > 0.05) return `${head}\n\n${verdict}`;
  const layers = formatTable([
    ['layer', 'stream', 'random', 'p', 'direction', 'random', 'p', 'removed', 'random', 'p'],
    ...findings.stream.map((stream, i) => [
      String(stream.layer),
      ...[stream, findings.direction[i]!, findings.ablation[i]!].flatMap((one) => [
        figure(one.recovered),
        one.random.value.toFixed(2),
        pValue(one.beyondRandom.p),
      ]),
    ]),
  ]);
  const grids = findings.grid.map(({ patched, cells }) => {
    const places = PLACES.filter((place) => cells.some((cell) => cell.place === place));
    const rows = findings.stream.map(({ layer }) => [
      String(layer),
      ...places.map((place) => {
        const cell = cells.find((one) => one.layer === layer && one.place === place);
        return cell ? `${cell.into.value.toFixed(2)} ${cell.out.value.toFixed(2)}` : '';
      }),
    ]);
    return `${patched}: into the insecure run, out of the secure one\n${formatTable([['layer', ...places], ...rows])}`;
  });
  const top = <T>(all: readonly T[], value: (one: T) => number) =>
    all.toSorted((a, b) => Math.abs(value(b)) - Math.abs(value(a))).slice(0, 5);
  const heads = top(findings.heads, ({ recovered }) => recovered.value).map(
    ({ layer, head, place, recovered }) =>
      `  layer ${layer}, head ${head}, ${place}: ${figure(recovered)}`,
  );
  const parts = findings.attribution
    ? top(findings.attribution, ({ share }) => share.value).map(
        ({ part, share }) => `  ${part}: ${figure(share)}`,
      )
    : ['  none: parts do not add up to the logit difference, as where logits are capped'];
  const tokens = findings.tokens.map(
    ({ which, recovered, count }) =>
      `  ${which} (${count.toFixed(1)} a prompt): ${figure(recovered)}`,
  );
  const lists = [
    `heads, each alone\n${heads.join('\n')}`,
    `written at the decision (direct logit attribution)\n${parts.join('\n')}`,
    `tokens of the insecure prompt made mean embeddings\n${tokens.join('\n')}`,
  ].join('\n');
  return `${head}\n\nat the decision\n${layers}\n${grids.join('\n')}\n${lists}\n\n${verdict}`;
}
