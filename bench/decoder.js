import { KvCache } from '../dist/engine/cache.js';
import { openModel } from '../dist/engine/checkpoint.js';
import { Device } from '../dist/engine/index.js';
import { CompiledPlan } from '../dist/engine/interventions.js';
import { Runner } from '../dist/engine/runner.js';
import { gemmRate, median, readBandwidth, report, THREADS, timed } from './measure.js';
import { withModel } from './model.js';

/** @typedef {import('../dist/engine/index.js').Checkpoint} Checkpoint */

const PROMPT = 256;

/** Decoding, prefill and the cost of hooks with random f32 weights at the shape of a real model. */
export const benchDecoder = () => withModel(run);

/** @param {string} dir */
async function run(dir) {
  const device = new Device({ threads: THREADS });
  const checkpoint = await openModel(dir);
  const weightBytes = [...checkpoint.weights.values()].reduce((sum, w) => sum + w.byteLength, 0);
  const size = `${(weightBytes / 1e9).toFixed(2)} GB`;
  console.log(`\nQwen2.5-0.5B shape, random f32 weights (${size}), ${THREADS} threads`);
  const bench = await Bench.create(device, checkpoint);
  await decodeSpeed(bench, weightBytes);
  await prefillSpeed(bench);
  await captureCost(bench);
  await device.close();
  report(
    'peak memory of the process',
    `${(process.resourceUsage().maxRSS / 2 ** 20).toFixed(2)} GiB`,
  );
}

/** A model with a cached prompt. */
export class Bench {
  /** @param {Device} device @param {Runner} runner @param {KvCache} cache */
  constructor(device, runner, cache) {
    this.device = device;
    this.runner = runner;
    this.cache = cache;
  }

  /** @param {Device} device @param {Checkpoint} checkpoint */
  static async create(device, checkpoint) {
    const cache = await KvCache.allocate(device, checkpoint.config, 1);
    const bench = new Bench(device, new Runner(device, checkpoint), cache);
    await bench.prefill({ into: { cache, rows: [0] } });
    return bench;
  }

  get config() {
    return this.runner.checkpoint.config;
  }

  /** @param {{ into?: { cache: KvCache, rows: number[] } }} [options] */
  prefill(options = {}) {
    const prompt = Array.from({ length: PROMPT }, (_, i) => (i * 7919) % this.config.vocabSize);
    return this.runner.run(this.program(), {
      tokens: [prompt],
      prompts: [0],
      promptLengths: [PROMPT],
      logitRows: [PROMPT - 1],
      fetch: ['logits'],
      ...options,
    });
  }

  /**
   * One token behind the prompt.
   * @param {ReturnType<Bench['program']>} program
   * @param {Partial<import('../dist/engine/runner.js').Step>} [options]
   */
  step(program, options = {}) {
    return this.runner.run(program, {
      tokens: [[1]],
      prompts: [0],
      promptLengths: [PROMPT],
      past: this.cache,
      logitRows: [0],
      fetch: ['logits', ...program.capture],
      ...options,
    });
  }

  /** @param {import('../dist/engine/index.js').Intervention[]} [plan] @param {string[]} [capture] */
  program(plan = [], capture = []) {
    return { plan: new CompiledPlan(plan, this.config, 1), capture, adapter: undefined };
  }
}

/** @param {Bench} bench @param {number} weightBytes */
async function decodeSpeed(bench, weightBytes) {
  const program = bench.program();
  /** @type {number[]} */
  const times = [];
  /** By method, the rates of the whole run. @type {number[][]} */
  const bandwidth = [[], [], []];
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 8; i++) times.push(await timed(() => bench.step(program)));
    const methods = await readBandwidth(bench.device);
    for (const [i, rates] of methods.entries()) bandwidth[i]?.push(...rates);
  }
  const speed = (1000 / median(times)).toFixed(1);
  report(`decode, ${PROMPT} tokens before (median)`, `${speed} tokens/s`);
  const rate = weightBytes / median(times) / 1e6;
  const possible = Math.max(...bandwidth.map(median));
  report('  weights read', `${rate.toFixed(1)} GB/s`);
  report('  memory read by the best of three probes', `${possible.toFixed(1)} GB/s`);
  report('  share of it', share(rate, possible), '80 %');
}

/** @param {Bench} bench */
async function prefillSpeed(bench) {
  const { dModel: d, nLayers, dMlp, nHeads, nKvHeads, headDim, vocabSize } = bench.config;
  const layer = d * headDim * (2 * nHeads + 2 * nKvHeads) + 3 * d * dMlp;
  const attention = 2 * PROMPT * nHeads * headDim;
  const flops = 2 * PROMPT * nLayers * (layer + attention) + 2 * d * vocabSize;
  /** @type {number[]} */
  const times = [];
  /** @type {number[]} */
  const gemm = [];
  for (let i = 0; i < 8; i++) {
    times.push(await timed(() => bench.prefill()));
    gemm.push(await gemmRate(bench.device));
  }
  const rate = flops / median(times) / 1e6;
  const speed = ((1000 * PROMPT) / median(times)).toFixed(0);
  report(`prefill of ${PROMPT} tokens (median)`, `${speed} tokens/s`);
  report('  matrix products', `${rate.toFixed(0)} GFLOP/s`);
  report('  matrix product alone in this run', `${median(gemm).toFixed(0)} GFLOP/s`);
  report('  share of it', share(rate, median(gemm)), '80 %');
}

/**
 * What capturing all residuals adds to a decoded token (what edits add: `edits.js`).
 *
 * Weights packed for one session lie elsewhere in memory than those of the next, which alone makes
 * some per cent; so these sessions share the unpacked weights of the file. A second plain graph,
 * as far from the first as the others are, shows what is noise.
 * @param {Bench} bench
 */
async function captureCost({ device, runner, cache, config }) {
  const load = device.load.bind(device);
  device.load = (bytes) => load(bytes, { disable_prepacking: '1' });
  const bench = new Bench(device, new Runner(device, runner.checkpoint), cache);
  const residuals = Array.from({ length: config.nLayers }, (_, i) => `blocks.${i}.hook_resid_post`);
  const programs = {
    plain: bench.program(),
    again: bench.program([], ['hook_embed']),
    capture: bench.program([], residuals),
  };
  const names = /** @type {(keyof typeof programs)[]} */ (Object.keys(programs));
  /** @type {Record<keyof typeof programs, number[]>} */
  const times = { plain: [], again: [], capture: [] };
  for (let round = 0; round < 60; round++) {
    // Interleaved, and in another order every time, so that drift of the machine falls on all alike.
    for (let i = 0; i < names.length; i++) {
      const name = /** @type {keyof typeof programs} */ (names[(i + round) % names.length]);
      times[name].push(await timed(() => bench.step(programs[name])));
    }
  }
  const cost = (/** @type {keyof typeof programs} */ name) => {
    const ratios = times[name].map((t, i) => t / /** @type {number} */ (times.plain[i]));
    return `${(100 * (median(ratios.slice(4)) - 1)).toFixed(2)} %`;
  };
  report('cost of capturing all residuals (median of pairs)', cost('capture'), '2 %');
  report('  the same for a graph that captures none of them: noise', cost('again'));
}

const share = (/** @type {number} */ a, /** @type {number} */ b) =>
  `${((100 * a) / b).toFixed(0)} %`;
