import { extname } from 'node:path';
import { Command, Option } from 'commander';
import { ensure } from '../core/index.js';
import {
  EXCHANGE_FORMATS,
  type ExchangeFormat,
  exportVector,
  readVector,
  type VectorFile,
} from '../steer/index.js';
import { layerList } from './options.js';

interface Options {
  out: string;
  format?: ExchangeFormat;
  layers?: number[];
}

const BY_ENDING: Record<string, ExchangeFormat> = {
  '.gguf': 'gguf',
  '.safetensors': 'repeng',
  '.json': 'json',
};

/** `suture vector export`: a vector for another program. */
export function vectorExportCommand(): Command {
  return new Command('export')
    .description('write a vector for llama.cpp, repeng, EasySteer or a program of your own')
    .argument('<file>', 'a steering vector')
    .requiredOption('-o, --out <file>', 'where it goes: .gguf, .safetensors (repeng) or .json')
    .addOption(
      new Option('--format <format>', 'where the ending does not say it').choices(EXCHANGE_FORMATS),
    )
    .option('--layers <list>', 'only these layers, as 12 or 1-31,40', layerList)
    .action(run);
}

function run(path: string, { out, format: given, layers }: Options): void {
  const format = given ?? BY_ENDING[extname(out).toLowerCase()];
  ensure(
    format,
    'BAD_ARGUMENT',
    `${out} does not end in ${Object.keys(BY_ENDING).join(', ')}: say what it is with --format.`,
  );
  const file = readVector(path);
  exportVector(out, file, format, layers);
  process.stdout.write(`${out}\n`);
  if (format === 'gguf') process.stdout.write(howToServe(out, file, layers));
}

/** llama.cpp's options that come closest to what was evaluated, and in what they differ from it. */
function howToServe(out: string, { metadata, directions }: VectorFile, layers?: number[]): string {
  const { strength, positions } = metadata;
  const acting = layers ?? [...directions.keys()];
  const range = `${Math.min(...acting)} ${Math.max(...acting)}`;
  const use = `Use it  llama-server -m model.gguf --control-vector-scaled ${out}:${strength} --control-vector-layer-range ${range}\n`;
  if (positions === 'all') return use;
  return `${use}llama.cpp adds it at every token, the prompt's too; it was evaluated at ${positions}: measure it again there.\n`;
}
