import { readLens } from '../dist/diagnose/lens/read.js';
import { loadModel } from '../dist/engine/index.js';
import { LensTrainer } from '../dist/train/index.js';
import { THREADS, timed } from './measure.js';
import { CONFIG, withModel } from './model.js';

const ITEMS = 8;
const PROMPT = 120;
/** Of a step of the tuned lens. */
const TOKENS = 128;

/**
 * What the logit lens at every layer of a 0.5B shape costs beside plain passes over the same rows, and a
 * step of the tuned lens, all layers of it.
 */
export const benchLens = () => withModel(run);

/** @param {string} dir */
async function run(dir) {
  const model = await loadModel(dir, { threads: THREADS });
  const ids = (/** @type {number} */ seed, /** @type {number} */ count) =>
    Array.from({ length: count }, (_, i) => (97 * seed + 31 * i) % 1000);
  const items = Array.from({ length: ITEMS }, (_, i) => ({
    prompt: ids(i, PROMPT),
    decision: { opening: [], secure: [5, 6, 7], insecure: [8, 6, 7] },
    control: /** @type {const} */ ([9, 10]),
  }));
  // Each prompt is read with both continuations.
  const rows = items.flatMap(({ prompt }) => [prompt, prompt]);
  const plain = () => model.forward(rows, { logits: 'last' });
  await plain(); // compiled before anything is timed
  await readLens(model, items.slice(0, 1));
  const times = { plain: Infinity, lens: Infinity };
  for (let i = 0; i < 3; i++) {
    times.plain = Math.min(times.plain, await timed(plain));
    times.lens = Math.min(times.lens, await timed(() => readLens(model, items)));
  }
  console.log(
    `lens at ${CONFIG.num_hidden_layers} layers of a 0.5B shape, ${ITEMS} prompts of ${PROMPT} tokens, continuations of 3`,
  );
  console.log(
    `  plain pass ${(times.plain / 1000).toFixed(1)} s, lens ${(times.lens / 1000).toFixed(1)} s: ${(times.lens / times.plain).toFixed(2)} times`,
  );
  const trainer = await LensTrainer.create(model, { threads: THREADS });
  const text = [ids(1, TOKENS)];
  await trainer.step(text, 1e-3);
  const step = await timed(() => trainer.step(text, 1e-3));
  console.log(
    `  a step of the tuned lens on ${TOKENS} tokens, all layers: ${(step / 1000).toFixed(1)} s`,
  );
  await trainer.close();
  await model.close();
}
