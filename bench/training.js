import { Device } from '../dist/engine/index.js';
import { parseConfig } from '../dist/models/index.js';
import { initialWeights, Trainer } from '../dist/train/index.js';
import { best, gemmRate, median, report, THREADS } from './measure.js';

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
