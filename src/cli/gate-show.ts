import { Command } from 'commander';
import { identifyModel } from '../engine/index.js';
import { checkGate, type GateFile, type GateRate, gateTexts, readGate } from '../steer/index.js';
import { formatTable } from './format.js';

/** `suture gate show`: what a gate tells apart, and whose it is. */
export function gateShowCommand(): Command {
  return new Command('show')
    .description('say what a gate tells apart and how it was set; its checksum is verified')
    .argument('<file>', 'a gate written by "suture gate train"')
    .option('-m, --model <model>', 'check also that it was made for this model')
    .option('--json', 'print it as JSON')
    .action(run);
}

function run(path: string, { model, json }: { model?: string; json?: true }): void {
  const gate = readGate(path);
  process.stdout.write(json ? `${JSON.stringify(gateTexts(gate), null, 2)}\n` : describe(gate));
  if (model === undefined) return;
  checkGate(gate, identifyModel(model));
  if (!json) process.stdout.write(`It was made for ${model}.\n`);
}

function describe(gate: GateFile): string {
  const { method, layer, model, family, model_hash, tokenizer_hash, template_hash, data_hash } =
    gate.metadata;
  const { falseAlarms, missed, misrouted } = gate.metadata.evaluation;
  const table = formatTable([
    ['tells apart', [...gate.heads.routes.keys()].join(', ')],
    ['method', `${method}, at layer ${layer}`],
    ['made for', `${model} (${family})`],
    ['weights', model_hash],
    ['tokenizer', tokenizer_hash || 'none'],
    ['chat template', template_hash || 'none'],
    ['data', data_hash],
    ['held out', `ordinary, steered: ${rate(falseAlarms)}`],
    ['', `concerned, left alone: ${rate(missed)}`],
    ['', `taken for another: ${rate(misrouted)}`],
    ['checksum', `${gateTexts(gate).checksum}: the file is whole and unchanged`],
  ]);
  return `${table}${thresholdText(gate)}\n`;
}

/** Counts, the share in per cent, and its interval. */
export function rate({ hits, total, low, high }: GateRate): string {
  const percent = (share: number) => (100 * share).toFixed(1);
  return `${hits} of ${total} (${percent(hits / total)} [${percent(low)}, ${percent(high)}])`;
}

/** How the threshold was set, in words. */
export function thresholdText({ metadata }: GateFile): string {
  const { value, budget, prompts, bases, alarms, bound } = metadata.threshold;
  const share = (x: number) => `${(100 * x).toFixed(1)} %`;
  return `Acts above ${value.toFixed(3)}, set for at most ${share(budget)} of ordinary prompts: ${alarms} of ${prompts} that it was not trained on, of ${bases} bases, lie above. Of prompts drawn as these were no more than ${share(bound)} do, with 95 % confidence; that says little of other bases where these are few.`;
}
