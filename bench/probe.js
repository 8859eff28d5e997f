import { analyse } from '../dist/diagnose/probe/analyse.js';
import { meanEmbeddings, readResiduals } from '../dist/diagnose/probe/read.js';
import { loadModel } from '../dist/engine/index.js';
import { bagsOfTokens } from '../dist/stats/index.js';
import { noise, THREADS } from './measure.js';
import { CONFIG, withModel } from './model.js';

const ROWS = 200;
const TOKENS = 120; // of a prompt of 480 characters
const GROUPS = 7;
/** Passes grow with rows, so a part of them is timed. */
const PASSED = 40;

/**
 * What probing 200 prompts at every layer costs beside a plain forward pass over them: a pass that
 * reads every residual stream, the lexical controls, and all probes with their folds, shufflings and intervals.
 */
export const benchProbe = () => withModel(run);

/** @param {string} dir */
async function run(dir) {
  const model = await loadModel(dir, { threads: THREADS });
  const examples = Array.from({ length: ROWS }, (_, row) => ({
    pair: row >> 1,
    group: `base ${(row >> 1) % GROUPS}`,
    vulnerable: row % 2 === 0,
    ids: Array.from({ length: TOKENS }, (_, i) =>
      i % 9 === row % 2 ? 7 : (97 * row + 31 * i) % 1000,
    ),
    promptLength: TOKENS,
    changed: [],
  }));
  const some = examples.slice(0, PASSED);
  const plain = async () => {
    for (let from = 0; from < PASSED; from += 20) {
      const rows = some.slice(from, from + 20).map(({ ids }) => ids);
      await model.forward(rows, { logits: 'last' });
    }
  };
  // Compiled before anything is timed.
  await model.forward([[1, 2]], { logits: 'last' });
  await readResiduals(model, some.slice(0, 1), ['last_prompt']);
  const times = { plain: Infinity, reading: Infinity };
  for (let i = 0; i < 2; i++) {
    times.plain = Math.min(times.plain, await seconds(plain));
    times.reading = Math.min(
      times.reading,
      await seconds(() => readResiduals(model, some, ['last_prompt'])),
    );
  }
  const tokens = examples.map(({ ids }) => ids);
  const bagOfTokens = bagsOfTokens(tokens);
  const start = performance.now();
  const embeddings = await meanEmbeddings(model, tokens);
  const embedding = (performance.now() - start) / 1000;
  const d = CONFIG.hidden_size;
  const layers = Array.from({ length: CONFIG.num_hidden_layers }, () => {
    const x = noise(ROWS * d, 1);
    for (let row = 0; row < ROWS; row += 2)
      for (let k = 0; k < 20; k++) x[row * d + k] = 1 + Number(x[row * d + k]);
    return x;
  });
  const labelled = {
    vulnerable: examples.map(({ vulnerable }) => vulnerable),
    groups: examples.map(({ group }) => group),
    pairs: examples.map(({ pair }) => pair),
  };
  const probing = await seconds(async () =>
    analyse({ layers, bagOfTokens, embeddings }, labelled, { shuffles: 3, seed: 0 }),
  );
  await model.close();
  const factor = ROWS / PASSED;
  const pass = factor * times.plain;
  const all = factor * times.reading + embedding + probing;
  console.log(
    `probing ${ROWS} prompts of ${TOKENS} tokens at ${CONFIG.num_hidden_layers} layers of a 0.5B shape`,
  );
  console.log(`  plain pass ${pass.toFixed(1)} s (${PASSED} rows timed)`);
  console.log(
    `  reading ${(factor * times.reading).toFixed(1)} s, embeddings ${embedding.toFixed(1)} s, probes ${probing.toFixed(1)} s`,
  );
  console.log(`  ${(all / pass).toFixed(2)} times the plain pass`);
}

/** @param {() => Promise<unknown>} work */
async function seconds(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
