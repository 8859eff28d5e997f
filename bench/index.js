// `npm run bench`: speed of training, decoding, prefill and hooks, each beside what the machine can do,
// measured in the same run; and of judging completions. Run it on an idle machine; `npm run bench -- train` runs one part.
import { benchDecoder } from './decoder.js';
import { benchScanner } from './scanner.js';
import { benchTraining } from './training.js';

const parts = { train: benchTraining, decode: benchDecoder, scan: benchScanner };
const chosen = process.argv.slice(2);
for (const [name, bench] of Object.entries(parts)) {
  if (chosen.length === 0 || chosen.includes(name)) await bench();
}
