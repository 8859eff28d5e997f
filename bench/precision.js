import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Random } from '../dist/core/index.js';
import { fidelity, loadModel } from '../dist/engine/index.js';
import { quantiseRows } from '../dist/engine/quantise/rounding.js';
import { corpus } from '../dist/organism/index.js';
import { readSafetensors } from '../dist/tensor/index.js';
import { report, THREADS } from './measure.js';

/** @typedef {import('../dist/engine/quantise/rounding.js').Format} Format */

/** What weights in 8 and 4 bits lose. */
export async function benchPrecision() {
  console.log('\nRounding error of normally distributed weights, |a - b| / |b|');
  roundingErrors();
  console.log('\nThe organism on 120 exchanges that it was not trained on, against float32');
  await compare('organism', exchanges);
  const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));
  for (const name of readdirSync(fixtures)) {
    if (!/_(bf16|f16|f32)$/.test(name)) continue;
    console.log(`\n${name} (random weights) on its prompts and their continuations`);
    await compare(`${fixtures}${name}/model`, () => fixtureTexts(`${fixtures}${name}`));
  }
}

function roundingErrors() {
  const random = new Random(0, 'precision');
  const k = 128;
  const values = Float32Array.from({ length: 2000 * k }, () => random.normal());
  /** @type {Format[]} */
  const formats = [
    { bits: 8, block: 64 },
    { bits: 4, block: 32 },
    { bits: 4, block: 64 },
    { bits: 4, block: 128 },
  ];
  for (const format of formats) {
    report(`${format.bits} bits, blocks of ${format.block}`, percent(searched(values, k, format)));
    report('  plain: the whole range, zero in the middle', percent(plain(values, format)));
  }
}

/** @param {Float32Array} values @param {number} k @param {Format} format */
function searched(values, k, format) {
  const quantised = quantiseRows(values, k, format);
  if (!quantised) throw new Error('not finite');
  const { codes, scales, zeros } = quantised;
  const nibble = (/** @type {Uint8Array} */ bytes, /** @type {number} */ i) =>
    (Number(bytes[i >> 1]) >> (4 * (i & 1))) & 15;
  const blocks = k / format.block;
  const zeroWidth = zeros.length / (values.length / k);
  return error(values, (i) => {
    const at = Math.floor(i / format.block);
    if (format.bits === 8) return Number(scales[at]) * (Number(codes[i]) - 128);
    const zero = nibble(zeros.subarray(Math.floor(at / blocks) * zeroWidth), at % blocks);
    return Number(scales[at]) * (nibble(codes, i) - zero);
  });
}

/** @param {Float32Array} values @param {Format} format */
function plain(values, { bits, block }) {
  const most = 2 ** (bits - 1) - 1;
  const scales = Array.from({ length: values.length / block }, (_, b) => {
    return Math.max(...values.subarray(b * block, (b + 1) * block).map(Math.abs)) / most;
  });
  return error(values, (i) => {
    const scale = Number(scales[Math.floor(i / block)]);
    return scale * Math.round(Number(values[i]) / scale);
  });
}

/** @param {Float32Array} values @param {(i: number) => number} rounded */
function error(values, rounded) {
  let lost = 0;
  let energy = 0;
  for (const [i, x] of values.entries()) {
    lost += (x - rounded(i)) ** 2;
    energy += x * x;
  }
  return Math.sqrt(lost / energy);
}

/** @param {string} dir @param {(model: import('../dist/engine/index.js').Model) => number[][]} texts */
async function compare(dir, texts) {
  const reference = await loadModel(dir, { threads: THREADS });
  for (const dtype of /** @type {const} */ (['int8', 'int4'])) {
    const model = await loadModel(dir, { dtype, threads: THREADS });
    const found = await fidelity(model, reference, texts(reference));
    const { kl, sameTop, perplexity, referencePerplexity } = found;
    report(`${dtype}: KL(f32 || ${dtype}), nats a token`, kl.toExponential(2));
    report('  the same token most probable', percent(sameTop));
    report('  perplexity', `${perplexity.toFixed(4)} (f32 ${referencePerplexity.toFixed(4)})`);
    await model.close();
  }
  await reference.close();
}

/** @param {import('../dist/engine/index.js').Model} model */
function exchanges({ tokenizer }) {
  const samples = corpus(1_000_001); // its training had another seed
  const encode = (/** @type {string} */ text) =>
    tokenizer?.encode(text, { addSpecialTokens: false }) ?? [];
  const [bos, eos, user, assistant] = [0, 1, 2, 3];
  return Array.from({ length: 120 }, () => {
    const { prompt, body } = samples.next().value;
    return [bos, user, ...encode(prompt), assistant, ...encode(body), eos];
  });
}

/** @param {string} dir */
function fixtureTexts(dir) {
  const figures = readSafetensors(`${dir}/reference.safetensors`);
  const ids = (/** @type {string} */ name) => [...(figures.get(name)?.data ?? [])];
  return [0, 1, 2].map((i) => [...ids(`input_ids.${i}`), ...ids(`greedy.${i}`)]);
}

const percent = (/** @type {number} */ x) => `${(100 * x).toFixed(2)} %`;
