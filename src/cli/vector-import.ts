import { Command, Option } from 'commander';
import { identifyModel } from '../engine/index.js';
import type { Cwe } from '../scan/index.js';
import {
  importVector,
  VECTOR_POSITIONS,
  type VectorFile,
  type VectorMetadata,
  writeVector,
} from '../steer/index.js';
import { cwe, decimal, integer, layerList } from './options.js';

interface Options {
  out: string;
  model?: string;
  layers?: number[];
  layerShift?: number;
  strength?: number;
  positions?: VectorMetadata['positions'];
  cwe?: Cwe;
  force?: true;
}

/** `suture vector import`: a vector of another program, bound to a model. */
export function vectorImportCommand(): Command {
  return new Command('import')
    .description('read a vector of llama.cpp, repeng, EasySteer or another program')
    .argument('<file>', 'GGUF control vector, safetensors or JSON with directions by layer')
    .requiredOption('-o, --out <file>', 'where the bound vector goes, as safetensors')
    .option('-m, --model <model>', 'the model it is for (needed where the file does not say)')
    .option('--layers <list>', 'only these layers, as 12 or 1-31,40', layerList)
    .option('--layer-shift <n>', 'added to the numbers in the file (default: 0)', integer)
    .option('--strength <x>', 'multiple to apply it at (default: 1)', decimal)
    .addOption(
      new Option('--positions <where>', 'where it acts (default: all)').choices(VECTOR_POSITIONS),
    )
    .option('-c, --cwe <cwe>', 'the weakness it is against', cwe)
    .option('--force', 'take it for a model of another family, or that it was not made for')
    .action(run);
}

function run(path: string, { out, model: id, ...options }: Options): void {
  const model = id === undefined ? undefined : identifyModel(id);
  const file = importVector(path, { ...options, model });
  writeVector(out, file);
  process.stdout.write(`${out}: ${summary(file)}\n`);
  const last = model && model.nLayers - 1;
  if (file.metadata.method === 'imported' && last !== undefined && file.directions.has(last)) {
    console.error(
      `Block ${last} is the last. If this vector is repeng's, its direction there was read after the final norm and does not fit the stream it is added to: leave it out with --layers.`,
    );
  }
}

function summary({ metadata, directions }: VectorFile): string {
  const layers = [...directions.keys()].join(', ');
  const { strength, positions, model } = metadata;
  return `for ${model}, layer${directions.size === 1 ? '' : 's'} ${layers}, strength ${strength} at ${positions}`;
}
