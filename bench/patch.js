import { outcomes } from '../dist/diagnose/patch/run.js';
import { loadModel } from '../dist/engine/index.js';
import { THREADS, timed } from './measure.js';
import { CONFIG, withModel } from './model.js';

const PROMPT = 120;
/** Where of the prompt the other places are: half of it comes behind. */
const MIDDLE = 60;

/**
 * What patching costs at a 0.5B shape beside plain passes over the same prompt: one edit at the decision of every
 * layer's stream, attention and MLP, and one in the middle of the prompt.
 */
export const benchPatch = () => withModel(run);

/** @param {string} dir */
async function run(dir) {
  const model = await loadModel(dir, { threads: THREADS });
  const ids = Array.from({ length: PROMPT }, (_, i) => (97 + 31 * i) % 1000);
  const vector = new Float32Array(model.dModel).fill(0.01);
  const value = { dims: [1, model.dModel], data: vector };
  /** Runs that put a value in after one hook of every layer. @param {string} hook @param {number} at */
  const runs = (hook, at) =>
    Array.from({ length: model.nLayers }, (_, layer) => ({
      ids,
      choice: { secure: 5, insecure: 6 },
      edits: [
        {
          hook: `blocks.${layer}.${hook}`,
          op: /** @type {const} */ ('replace'),
          value,
          positions: [at],
        },
      ],
    }));
  const plain = () => model.forward([ids], { logits: 'last' });
  const hooks = ['hook_resid_post', 'hook_attn_out', 'hook_mlp_out'];
  const times = { plain: Infinity, decision: Infinity, middle: Infinity };
  await plain(); // compiled before anything is timed
  for (const hook of hooks) await outcomes(model, runs(hook, PROMPT - 1).slice(0, 2));
  for (let i = 0; i < 3; i++) {
    times.plain = Math.min(times.plain, await timed(plain));
    let decision = 0;
    for (const hook of hooks) {
      decision += await timed(() => outcomes(model, runs(hook, PROMPT - 1)));
    }
    times.decision = Math.min(times.decision, decision);
  }
  times.middle = await timed(() => outcomes(model, runs('hook_resid_post', MIDDLE)));
  const cells = hooks.length * model.nLayers;
  const passes = (/** @type {number} */ ms) => (ms / times.plain).toFixed(1);
  console.log(
    `patching at ${CONFIG.num_hidden_layers} layers of a 0.5B shape, a prompt of ${PROMPT} tokens: a plain pass ${(times.plain / 1000).toFixed(2)} s`,
  );
  console.log(
    `  ${cells} runs edited at the decision: ${(times.decision / 1000).toFixed(1)} s, ${passes(times.decision)} passes`,
  );
  console.log(
    `  ${model.nLayers} runs edited in the middle: ${(times.middle / 1000).toFixed(1)} s, ${passes(times.middle)} passes`,
  );
  await model.close();
}
