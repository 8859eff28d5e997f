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
    /** @type {number[]} */
    const ends = [];
    await model.generate(
      { tokens: [tokens] },
      {
        maxNewTokens: WARM_UP + steps,
        eosIds: [],
        onProgress: () => ends.push(performance.now()),
      },
    );
    const times = ends.slice(1).map((end, i) => end - /** @type {number} */ (ends[i]));
    return { ms: times.slice(WARM_UP - 1) };
  },

  /**
   * What capturing or steering adds to a pass over a prompt: ratios of its time to a plain pass's
   * beside it.
   * @param {{ tokens: number[], capture?: string, steer?: number, pairs: number }} params
   */
  async passPairs({ tokens, capture, steer, pairs }) {
    const edited = {
      interventions: steer === undefined ? [] : [steering(steer, 'all')],
      capture: capture === undefined ? [] : [capture],
    };
    const run = (/** @type {object} */ edits) =>
      timed(() => model.forward([tokens], { logits: 'last', ...edits }));
    await run({});
    await run(edited);
    /** @type {number[]} */
    const ratios = [];
    for (let i = 0; i < pairs; i++) {
      // Each goes first as often as the other, so that drift of the machine falls on both alike.
      const [first, second] = i % 2 === 0 ? [{}, edited] : [edited, {}];
      const times = [await run(first), await run(second)];
      ratios.push(Number(times[(i + 1) % 2]) / Number(times[i % 2]));
    }
    return { ratios };
  },

  /**
   * What steering adds to a decoded token. Two sequences are decoded at a time, one of them steered:
   * the engine takes their steps by turns, and each ends when the other's next begins.
   * @param {{ tokens: number[], steer?: number, pairs: number }} params
   */
  async stepPairs({ tokens, steer, pairs }) {
    /** @type {{ edited: boolean, end: number }[]} */
    const steps = [];
    const decode = (/** @type {boolean} */ edited) =>
      model.generate(
        { tokens: [tokens] },
        {
          maxNewTokens: 2 * WARM_UP + pairs,
          eosIds: [],
          interventions: edited && steer !== undefined ? [steering(steer)] : [],
          onProgress: () => steps.push({ edited, end: performance.now() }),
        },
      );
    await Promise.all([decode(false), decode(true)]);
    /** Milliseconds of step i, where the other sequence's came before it. */
    const time = (/** @type {number} */ i) => {
      const [before, step] = [steps[i - 1], steps[i]];
      if (!before || !step || before.edited === step.edited) return undefined;
      return step.end - before.end;
    };
    /** @type {number[]} */
    const ratios = [];
    for (let i = 4 * WARM_UP; i < steps.length; i++) {
      const [plain, edited] = [time(i - 1), time(i)];
      if (steps[i]?.edited && plain && edited) ratios.push(edited / plain);
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
    // Random weights give flat logits, of which top-p would keep half the vocabulary; so low a
    // temperature makes them as peaked as a trained model's.
    const options = { maxNewTokens: newTokens, temperature: 0.05, topP: 0.9, eosIds: [] };
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
