import { Command } from 'commander';
import { readText } from '../core/index.js';
import { readVector, signVector, writeVector } from '../steer/index.js';

interface Options {
  key: string;
  out: string;
}

/** `suture vector sign`: a vector that others can tell is yours. */
export function vectorSignCommand(): Command {
  return new Command('sign')
    .description('sign a vector, so that others can tell that it is as you left it')
    .argument('<file>', 'a steering vector')
    .requiredOption('-k, --key <pem>', 'your private Ed25519 key')
    .requiredOption('-o, --out <file>', 'where the signed vector goes, as safetensors')
    .action(run);
}

function run(path: string, { key, out }: Options): void {
  const signed = signVector(readVector(path), readText(key));
  writeVector(out, signed);
  process.stdout.write(`${out}: signed by ${signed.signature?.signer}\n`);
}
