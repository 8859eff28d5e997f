import { Command } from 'commander';
import { z } from 'zod';
import { identifyModel } from '../engine/index.js';
import {
  checkBinding,
  checkFit,
  checkSigner,
  readVector,
  type VectorFile,
  vectorTexts,
} from '../steer/index.js';
import { norm } from '../tensor/index.js';
import { formatTable } from './format.js';
import { signedByOption } from './options.js';

/** `suture vector show`: what a vector was made from and for, and whether it is whole. */
export function vectorShowCommand(): Command {
  return new Command('show')
    .description('say what a vector was made from and for; its checksum is verified')
    .argument('<file>', 'a steering vector')
    .option('-m, --model <model>', 'check also that it was made for this model')
    .addOption(signedByOption())
    .option('--json', 'print it as JSON')
    .action(run);
}

interface Options {
  model?: string;
  signedBy?: string;
  json?: true;
}

function run(path: string, { model: id, signedBy, json }: Options): void {
  const file = readVector(path);
  if (signedBy !== undefined) checkSigner(file, signedBy);
  process.stdout.write(
    json ? `${JSON.stringify(vectorTexts(file), null, 2)}\n` : formatTable(describe(file)),
  );
  if (id === undefined) return;
  const model = identifyModel(id);
  checkFit(file.directions, model);
  checkBinding(file.metadata, model);
  if (!json) process.stdout.write(`It was made for ${id}.\n`);
}

const PLACES = {
  last_prompt: 'the last prompt token',
  last_prompt_and_generated: 'the last prompt token and every generated one',
  all: 'every token of prompt and text',
};
const SITES: Record<string, string> = {
  last_prompt: ', read at the last prompt token',
  decision: ', read at the decision',
  changed: ', read at the changed tokens',
  mean: ', read as the mean over all tokens',
};

function describe(file: VectorFile): string[][] {
  const { metadata, directions } = file;
  const { cwe, method, site, strength, positions, until, evaluation } = metadata;
  const read = site === undefined ? '' : (SITES[site] ?? `, read at ${site}`);
  const layers = [...directions].map(([layer, data]) => `${layer} (norm ${norm(data).toFixed(2)})`);
  const hash = (text: string | undefined) => text || 'none';
  return [
    ['against', cwe ?? 'not said'],
    ['made by', `${method}${read}`],
    ['layers', layers.join(', ')],
    [
      'strength',
      `${strength}, at ${PLACES[positions]}${until === undefined ? '' : `, until it has written one of ${until.join(', ')}`}`,
    ],
    ['made for', `${metadata.model} (${metadata.family})`],
    ['weights', hash(metadata.model_hash)],
    ['tokenizer', hash(metadata.tokenizer_hash)],
    ['chat template', hash(metadata.template_hash)],
    ['data', hash(metadata.data_hash)],
    ['evaluated', evaluation === undefined ? 'never' : rates(evaluation)],
    ['checksum', `${vectorTexts(file).checksum}: the file is whole and unchanged`],
    ['signed by', file.signature?.signer ?? 'nobody'],
  ];
}

const evaluated = z.object({
  protocol: z.string(),
  held_out: z.record(z.string(), z.object({ value: z.number() })),
});

/** The rates of an evaluation; whatever else it may be, as it is. */
function rates(text: string): string {
  try {
    const { protocol, held_out } = evaluated.parse(JSON.parse(text));
    const shares = Object.entries(held_out).map(
      ([name, { value }]) => `${name} ${(100 * value).toFixed(0)} %`,
    );
    return `${protocol}: ${shares.join(', ')}`;
  } catch {
    return text;
  }
}
