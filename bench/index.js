// `npm run bench`: speed of training, decoding, prefill, hooks and gates, each beside what the machine can do,
// measured in the same run; and of judging completions. Run it on an idle machine; `npm run bench -- train` runs one part.
// `npm run bench -- sven <folder>` measures the scanner on pairs of functions instead (`sven.js`).
// `npm run bench -- pairs <folder>` reads, cleans and cuts them (`pairs.js`).
// `npm run bench -- fuzz [count] [language...]` gives it broken sources (`fuzz.js`).
// `npm run bench -- serve [seconds]` measures the server beside the engine (`serve.js`).
// `npm run bench -- --peers` compares with other engines instead (`peers/index.js`).
import { benchDecoder } from './decoder.js';
import { benchEdits } from './edits.js';
import { benchGuard } from './guard.js';
import { benchLens } from './lens.js';
import { benchPatch } from './patch.js';
import { benchPrecision } from './precision.js';
import { benchProbe } from './probe.js';
import { benchSandbox } from './sandbox.js';
import { benchScanner } from './scanner.js';
import { benchLora, benchTraining } from './training.js';

const parts = {
  train: benchTraining,
  lora: benchLora,
  precision: benchPrecision,
  decode: benchDecoder,
  edits: benchEdits,
  guard: benchGuard,
  probe: benchProbe,
  lens: benchLens,
  patch: benchPatch,
  scan: benchScanner,
  sandbox: benchSandbox,
};
const chosen = process.argv.slice(2);
if (chosen.includes('--peers')) {
  const { benchPeers } = await import('./peers/index.js');
  await benchPeers(chosen);
} else if (chosen[0] === 'sven') {
  const { benchSven } = await import('./sven.js');
  await benchSven(chosen.slice(1));
} else if (chosen[0] === 'pairs') {
  const { benchPairs } = await import('./pairs.js');
  await benchPairs(chosen[1] ?? '.');
} else if (chosen[0] === 'fuzz') {
  const { benchFuzz } = await import('./fuzz.js');
  await benchFuzz(Number(chosen[1] ?? 100_000), chosen.slice(2));
} else if (chosen[0] === 'serve') {
  const { benchServe } = await import('./serve.js');
  await benchServe(Number(chosen[1] ?? 60));
} else {
  for (const [name, bench] of Object.entries(parts)) {
    if (chosen.length === 0 || chosen.includes(name)) await bench();
  }
}
