import { readFileSync, writeFileSync } from 'node:fs';
import { openModel } from '../dist/engine/checkpoint.js';
import { Device } from '../dist/engine/index.js';
import { parseConfig } from '../dist/models/index.js';
import { initialLora, initialWeights, loraTargets, Trainer } from '../dist/train/index.js';
import { best, gemmRate, median, report, THREADS } from './measure.js';
import { withModel } from './model.js';

const SHAPE = { layers: 8, d: 256, heads: 4, mlp: 704, vocab: 4096, seq: 256, batch: 16 };

/** A training step (forward, backward, clipping, AdamW) of a small Llama in one graph. */
export async function benchTraining() {
  const { layers, d, heads, mlp, vocab, seq, batch } = SHAPE;
  const config = parseConfig(
    {
      model_type: 'llama',
      vocab_size: vocab,
      hidden_size: d,
      num_hidden_layers: layers,
      num_attention_heads: heads,
      intermediate_size: mlp,
      tie_word_embeddings: false,
    },
    'bench',
  );
  const device = new Device({ threads: THREADS });
  const gemm = await gemmRate(device);
  const weights = initialWeights(config, 1);
  const trainer = await Trainer.create(device, config, { kind: 'full' }, weights);
  const row = (/** @type {(i: number) => number} */ f) =>
    Array.from({ length: seq }, (_, i) => f(i));
  const rows = (/** @type {(i: number, r: number) => number} */ f) =>
    Array.from({ length: batch }, (_, r) => row((i) => f(i, r)));
  const token = (/** @type {number} */ i, /** @type {number} */ r) =>
    (i * 31 + r * 977 + i * r) % vocab;
  const data = {
    tokens: rows(token),
    positions: rows((i) => i),
    segments: rows(() => 0),
    labels: rows((i, r) => token(i + 1, r)),
    weights: rows(() => 1),
  };
  /** @type {number[]} */
  const times = [];
  let last = performance.now();
  const reports = await trainer.run(
    { batch: () => data },
    {
      steps: 9,
      schedule: { peak: 1e-3 },
      maxNorm: 1,
      quiet: true,
      onStep: () => {
        const now = performance.now();
        times.push(now - last);
        last = now;
      },
    },
  );
  await device.close();
  const steps = times.slice(1); // the first includes building the session
  // Multiplications and additions of the matrix products, three times for forward and backward.
  const linear = layers * (4 * d * d + 3 * d * mlp) + d * vocab;
  const attention = layers * 2 * seq * d;
  const flops = 3 * 2 * (linear + attention) * seq * batch;
  const rate = (/** @type {number} */ ms) => `${(flops / ms / 1e6).toFixed(0)} GFLOP/s`;
  console.log(
    `\nTraining step: ${layers} layers, d ${d}, sequence ${seq}, batch ${batch}, vocabulary ${vocab}`,
  );
  report('best step', rate(best(steps)), '100');
  report('median step', rate(median(steps)));
  report('matrix product alone', `${gemm.toFixed(0)} GFLOP/s`);
  report('tokens per second (median)', ((1000 * seq * batch) / median(steps)).toFixed(0));
  report(
    'loss, first and last step',
    `${reports[0]?.loss.toFixed(2)} -> ${reports.at(-1)?.loss.toFixed(2)}`,
  );
  report(
    'peak memory of the process',
    `${(process.resourceUsage().maxRSS / 1024 / 1024).toFixed(2)} GiB`,
  );
}

const LORA = { rank: 16, alpha: 32, targetModules: ['q_proj', 'v_proj'] };
const LORA_TOKENS = 1024;

/** A LoRA step at the shape of Qwen2.5-0.5B, of one sequence of 1024 tokens, with its blocks kept and computed again. */
export const benchLora = () =>
  withModel(async (dir) => {
    const { config, weights } = await openModel(dir);
    const modules = loraTargets(config, LORA);
    const device = new Device({ threads: THREADS });
    const gemm = await gemmRate(device);
    await device.close();
    const row = Array.from({ length: LORA_TOKENS }, (_, i) => (i * 7919) % config.vocabSize);
    const data = {
      tokens: [row],
      positions: [row.map((_, i) => i)],
      segments: [row.map(() => 0)],
      labels: [[...row.slice(1), 0]],
      // As where a function changed: a part of the tokens is predicted.
      weights: [row.map((_, i) => (i % 8 === 0 ? 1 : 0))],
    };
    // Products of one pass, forward: twice for what flows back, for the frozen weights need no gradient.
    const { nLayers, dModel: d, dMlp, nKvHeads, headDim, vocabSize } = config;
    const linear = nLayers * (2 * d * d + 2 * d * nKvHeads * headDim + 3 * d * dMlp);
    const attention = nLayers * 2 * LORA_TOKENS * d;
    const forward = 2 * ((linear + attention) * LORA_TOKENS + (d * vocabSize * LORA_TOKENS) / 8);
    console.log(
      `\nLoRA step, shape of Qwen2.5-0.5B, ${LORA_TOKENS} tokens, ${THREADS} threads; a product alone ${gemm.toFixed(0)} GFLOP/s`,
    );
    for (const recompute of [true, false]) {
      const own = new Device({ threads: THREADS });
      const trainer = await Trainer.create(
        own,
        config,
        { kind: 'lora', weights, modules, recompute },
        initialLora(config, modules, 1),
      );
      resetPeak();
      /** @type {number[]} */
      const times = [];
      let last = performance.now();
      await trainer.run(
        { batch: () => data },
        {
          steps: 4,
          schedule: { peak: 1e-4 },
          quiet: true,
          onStep: () => {
            times.push(performance.now() - last);
            last = performance.now();
          },
        },
      );
      const memory = peakMemory();
      await own.close();
      const step = median(times.slice(1));
      const flops = (recompute ? 3 : 2) * forward;
      const bound = (1000 * LORA_TOKENS) / (flops / gemm / 1e6);
      report(
        recompute ? 'blocks computed again' : 'blocks kept',
        `${((1000 * LORA_TOKENS) / step).toFixed(0)} tokens/s of ${bound.toFixed(0)} by products alone, ${memory.toFixed(1)} GiB`,
        recompute ? '8 GiB' : undefined,
      );
    }
  });

/** From now on the peak counts anew, where the system can do that (Linux). */
function resetPeak() {
  writeFileSync('/proc/self/clear_refs', '5');
}

/** Most memory of the process since then, in GiB. */
function peakMemory() {
  const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kilobytes) / 1024 / 1024;
}
