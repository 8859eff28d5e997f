// Suture as an engine of the comparison: its library's public face, in a process of its own.
import { loadModel } from '../../dist/index.js';
import { serve, timed } from './serve.js';

/** @type {import('../../dist/index.js').Model} */
let model;

/** Steps of decoding that are not counted: the first of a graph is slower. */
const WARM_UP = 2;

await serve({
  /** @param {{ dir: string, dtype: any, threads: number }} params */
  async load({ dir, dtype, threads }) {
    const start = performance.now();
    model = await loadModel(dir, { dtype, threads });
    return { ms: performance.now() - start };
  },

  /** Milliseconds to take in a prompt, to its last token's logits. @param {{ tokens: number[] }} params */
  async prefill({ tokens }) {
    const start = performance.now();
    const { logits } = await model.forward([tokens], { logits: 'last' });
    const next = argmax(logits.data);
    return { ms: performance.now() - start, next };
  },

  /** Milliseconds of each of some greedy steps behind a prompt. @param {{ tokens: number[], steps: number }} params */
  async decode({ tokens, steps }) {
    return { ms: await stepTimes(tokens, steps, []) };
  },

  /**
   * What capturing or steering adds to a pass over a prompt, and steering to a decoded token: times
   * with and without it by turns.
   * @param {{ tokens: number[], pass: 'forward' | 'decode', capture?: string, steer?: number, rounds: number }} params
   */
  async pairs({ tokens, pass, capture, steer, rounds }) {
    const interventions = steer === undefined ? [] : [steering(steer, 'all')];
    const forward = (/** @type {boolean} */ edited) =>
      timed(() =>
        model.forward([tokens], {
          logits: 'last',
          ...(edited && { interventions, ...(capture && { capture: [capture] }) }),
        }),
      );
    const decode = async (/** @type {boolean} */ edited) =>
      median(await stepTimes(tokens, 16, edited && steer !== undefined ? [steering(steer)] : []));
    const run = pass === 'forward' ? forward : decode;
    await run(false);
    await run(true);
    /** @type {number[]} */
    const ratios = [];
    for (let round = 0; round < rounds; round++) {
      // Each goes first as often as the other, so that drift of the machine falls on both alike.
      const first = await run(round % 2 === 1);
      const second = await run(round % 2 === 0);
      ratios.push(round % 2 === 1 ? first / second : second / first);
    }
    return { ratios };
  },

  /**
   * Samples of one prompt under every control and strength, and as a sweep without batching would make them: one by one.
   * @param {{ tokens: number[], samples: number, strengths: number, controls: number, newTokens: number, alone: number }} params
   */
  async job({ tokens, samples, strengths, controls, newTokens, alone }) {
    const layer = Math.floor(model.nLayers / 2);
    const arms = Array.from({ length: strengths * controls }, (_, i) => ({
      ...steering(layer, undefined, i % controls),
      scale: (1 + Math.floor(i / controls)) / strengths,
      rows: [i],
    }));
    const options = { maxNewTokens: newTokens, temperature: 0.6, topP: 0.9, eosIds: [] };
    const one = async (/** @type {number} */ i) => {
      const interventions = [
        { .../** @type {(typeof arms)[0]} */ (arms[i % arms.length]), rows: [0] },
      ];
      await model.generate({ tokens: [tokens] }, { ...options, interventions, seed: i });
    };
    await one(0);
    const alones = [];
    for (let i = 0; i < alone; i++) alones.push(await timed(() => one(i)));
    const start = performance.now();
    const { samples: made } = await model.generate(
      { tokens: arms.map(() => tokens) },
      { ...options, interventions: arms, n: samples },
    );
    const ms = performance.now() - start;
    const total = made.reduce((sum, sample) => sum + sample.tokens.length, 0);
    return { ms, tokens: total, alone: alones };
  },
});

/** @param {number[]} tokens @param {number} steps @param {import('../../dist/index.js').Intervention[]} interventions */
async function stepTimes(tokens, steps, interventions) {
  /** @type {number[]} */
  const ends = [];
  await model.generate(
    { tokens: [tokens] },
    {
      maxNewTokens: WARM_UP + steps,
      eosIds: [],
      interventions,
      onProgress: () => ends.push(performance.now()),
    },
  );
  const times = ends.slice(1).map((end, i) => end - /** @type {number} */ (ends[i]));
  return times.slice(WARM_UP - 1);
}

/** Adding a vector behind a block: of a length at which it changes what comes out. @param {number} layer @param {any} [positions] @param {number} [seed] */
function steering(layer, positions = 'last_prompt_and_generated', seed = 0) {
  const vector = Float32Array.from(
    { length: model.dModel },
    (_, i) => 0.05 * Math.sin(i * (seed + 1)),
  );
  const hook = `blocks.${layer}.hook_resid_post`;
  return { hook, op: /** @type {const} */ ('add'), vector, positions };
}

/** @param {ArrayLike<number>} values */
function argmax(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    if (/** @type {number} */ (values[i]) > /** @type {number} */ (values[best])) best = i;
  }
  return best;
}

/** @param {readonly number[]} values */
function median(values) {
  return /** @type {number} */ (values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]);
}
