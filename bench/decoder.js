import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KvCache } from '../dist/engine/cache.js';
import { openModel } from '../dist/engine/checkpoint.js';
import { Device } from '../dist/engine/index.js';
import { CompiledPlan } from '../dist/engine/interventions.js';
import { Runner } from '../dist/engine/runner.js';
import { parseConfig, weightShapes } from '../dist/models/index.js';
import { writeSafetensors } from '../dist/tensor/index.js';
import { best, gemmRate, median, noise, readBandwidth, report, THREADS, timed } from './measure.js';

/** The shape of Qwen2.5-0.5B. */
const CONFIG = {
  model_type: 'qwen2',
  vocab_size: 151936,
  hidden_size: 896,
  intermediate_size: 4864,
  num_hidden_layers: 24,
  num_attention_heads: 14,
  num_key_value_heads: 2,
  rope_theta: 1000000,
  rms_norm_eps: 1e-6,
  tie_word_embeddings: true,
};
const PROMPT = 256;
const ROUNDS = 40;

/** Decoding, prefill and the cost of hooks with random f32 weights at the shape of a real model. */
export async function benchDecoder() {
  const dir = mkdtempSync(join(tmpdir(), 'suture-bench-'));
  try {
    writeModel(dir);
    await run(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** @param {string} dir */
function writeModel(dir) {
  writeFileSync(join(dir, 'config.json'), JSON.stringify(CONFIG));
  const shapes = weightShapes(parseConfig(CONFIG, 'bench'));
  const tensors = new Map(
    [...shapes].map(([name, shape]) => {
      const dims = [...shape];
      const size = dims.reduce((a, b) => a * b, 1);
      const data = () =>
        name.includes('norm') ? new Float32Array(size).fill(1) : noise(size, 0.03);
      return [name, { dims, read: () => ({ dims, data: data() }) }];
    }),
  );
  writeSafetensors(join(dir, 'model.safetensors'), tensors);
}

/** @param {string} dir */
async function run(dir) {
  const device = new Device({ threads: THREADS });
  const checkpoint = openModel(dir);
  const { config } = checkpoint;
  const runner = new Runner(device, checkpoint);
  const vector = noise(config.dModel, 1);
  const none = new CompiledPlan([], config, 1);
  const add = new CompiledPlan(
    [
      {
        hook: 'blocks.-1.hook_resid_post',
        op: 'add',
        vector,
        positions: 'last_prompt_and_generated',
      },
    ],
    config,
    1,
  );
  const residuals = Array.from({ length: config.nLayers }, (_, i) => `blocks.${i}.hook_resid_post`);
  const program = (/** @type {CompiledPlan} */ plan, capture = /** @type {string[]} */ ([])) => ({
    plan,
    capture,
    adapter: undefined,
  });
  const plain = { program: program(none), fetch: ['logits'] };
  const variants = {
    plain,
    add: { program: program(add), fetch: ['logits'] },
    capture: {
      program: program(none, residuals),
      fetch: ['logits', ...residuals],
    },
  };

  const prompt = Array.from({ length: PROMPT }, (_, i) => (i * 7919) % config.vocabSize);
  const cache = await KvCache.allocate(device, config, 1, PROMPT + ROUNDS + 8);
  const step = (
    /** @type {typeof plain} */ { program, fetch },
    /** @type {number[]} */ tokens,
    into = false,
  ) =>
    runner.run(program, {
      tokens: [tokens],
      prompts: [0],
      promptLengths: [PROMPT],
      ...(into ? { into: { cache, rows: [0] } } : { past: cache }),
      logitRows: [tokens.length - 1],
      fetch,
    });

  /** @type {number[]} */
  const prefill = [];
  /** @type {number[]} */
  const gemm = [];
  await step(plain, prompt, true);
  for (let i = 0; i < 6; i++) {
    const fresh = {
      tokens: [prompt],
      prompts: [0],
      promptLengths: [PROMPT],
      logitRows: [PROMPT - 1],
    };
    prefill.push(await timed(() => runner.run(plain.program, { ...fresh, fetch: ['logits'] })));
    gemm.push(await gemmRate(device));
  }
  /** @type {Record<keyof typeof variants, number[]>} */
  const times = { plain: [], add: [], capture: [] };
  /** By method, the rates of the whole run. @type {number[][]} */
  const bandwidth = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    // Interleaved, and in another order every time, so that drift of the machine falls on all alike.
    const names = /** @type {(keyof typeof variants)[]} */ (Object.keys(variants));
    for (let i = 0; i < names.length; i++) {
      const name = /** @type {keyof typeof variants} */ (names[(i + round) % names.length]);
      times[name].push(await timed(() => step(variants[name], [round])));
    }
    if (round % 8 === 0) {
      for (const [i, rates] of (await readBandwidth(device)).entries())
        bandwidth[i]?.push(...rates);
    }
  }
  await device.close();

  const weightBytes = [...checkpoint.weights.values()].reduce((sum, w) => sum + w.byteLength, 0);
  const decode = times.plain.slice(2);
  const rate = (/** @type {number} */ ms) => weightBytes / ms / 1e6;
  const { dModel: d, nLayers, dMlp, nHeads, nKvHeads, headDim } = config;
  const layer = d * headDim * (2 * nHeads + 2 * nKvHeads) + 3 * d * dMlp;
  const flops =
    2 * PROMPT * nLayers * (layer + 2 * PROMPT * nHeads * headDim) + 2 * d * config.vocabSize;
  const prefillRate = flops / median(prefill) / 1e6;
  const gemmBest = Math.max(...gemm);
  const cost = (/** @type {'add' | 'capture'} */ name) => {
    const ratios = times[name]
      .slice(2)
      .map((t, i) => t / /** @type {number} */ (times.plain[i + 2]));
    return `${(100 * (median(ratios) - 1)).toFixed(2)} %`;
  };
  console.log(
    `\nQwen2.5-0.5B shape, random f32 weights (${(weightBytes / 1e9).toFixed(2)} GB), ${THREADS} threads`,
  );
  const share = (/** @type {number} */ a, /** @type {number} */ b) =>
    `${((100 * a) / b).toFixed(0)} %`;
  report(
    `decode, ${PROMPT} tokens before (median)`,
    `${(1000 / median(decode)).toFixed(1)} tokens/s`,
  );
  for (const [name, of] of /** @type {const} */ ([
    ['median', median],
    ['best', best],
  ])) {
    const possible = Math.max(
      ...bandwidth.map((rates) => (name === 'best' ? Math.max(...rates) : median(rates))),
    );
    report(`  weights read, ${name}`, `${rate(of(decode)).toFixed(1)} GB/s`);
    report(`  memory bandwidth in this run, ${name}`, `${possible.toFixed(1)} GB/s`);
    report('  share of it', share(rate(of(decode)), possible), '80 %');
  }
  report(
    `prefill of ${PROMPT} tokens`,
    `${((1000 * PROMPT) / median(prefill)).toFixed(0)} tokens/s`,
  );
  report('  matrix products', `${prefillRate.toFixed(0)} GFLOP/s`);
  report('  matrix product alone in this run', `${gemmBest.toFixed(0)} GFLOP/s`);
  report('  share of it', share(prefillRate, gemmBest), '80 %');
  report('cost of a vector at the last block (median of pairs)', cost('add'), '2 %');
  report('cost of capturing all residuals (median of pairs)', cost('capture'), '2 %');
  report(
    'peak memory of the process',
    `${(process.resourceUsage().maxRSS / 1024 / 1024).toFixed(2)} GiB`,
  );
}
