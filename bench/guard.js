import { join } from 'node:path';
import { loadModel } from '../dist/engine/index.js';
import { initialAnalyser, streamHooks } from '../dist/guard/contextual/analyser.js';
import { writeContextual } from '../dist/guard/contextual/file.js';
import { initialAnalyser as initialDeepGuard } from '../dist/guard/deepguard/analyser.js';
import { writeGuard } from '../dist/guard/deepguard/file.js';
import { CONTEXTUAL, ContextualGuide, DeepGuardGuide, VARIANTS } from '../dist/guard/index.js';
import { initialLora, loraTargets, writeAdapter } from '../dist/train/index.js';
import { median, noise, report, THREADS, timed } from './measure.js';
import { withModel } from './model.js';

const PROMPT = 64;
const TOKENS = 96;
const ROUNDS = 5;
/** Layers that a trained contextual guard reads: those that let more than 2 % through. */
const LAYERS = 6;

/**
 * What guided decoding adds to unguided, at the shape of Qwen2.5-0.5B: DeepGuard with its scores taken anew every 64 tokens
 * and every token, and the contextual guard, which looks at every token. All arms write as many tokens under the same
 * adapter, by turns; shares are medians over rounds of each arm beside the unguided one of its round.
 */
export const benchGuard = () => withModel(run);

/** @param {string} dir */
async function run(dir) {
  const model = await loadModel(dir, { threads: THREADS });
  const { config, nLayers, dModel } = model;
  const lora = { rank: 16, alpha: 32, targetModules: ['q_proj', 'v_proj'] };
  const adapter = initialLora(config, loraTargets(config, lora), 1);
  const origin = {
    model: model.id,
    model_hash: model.hash,
    tokenizer_hash: '',
    template_hash: '',
    data_hash: '',
    training: {},
  };
  const [deep, contextual] = [join(dir, 'deepguard'), join(dir, 'contextual')];
  for (const one of [deep, contextual]) writeAdapter(one, adapter, { ...lora, baseModel: dir });
  writeGuard(deep, {
    metadata: { ...origin, settings: VARIANTS.paper },
    parameters: initialDeepGuard(config, VARIANTS.paper, 1),
    prior: noise(config.vocabSize, 1),
  });
  const classes = ['none', ...Array.from({ length: 9 }, (_, i) => `class ${i}`)];
  const shape = { dModel, layers: LAYERS, width: CONTEXTUAL.width, classes: classes.length };
  const hooks = streamHooks(config, 'all').filter((_, i) => i % Math.ceil(nLayers / LAYERS) === 0);
  const read = hooks.slice(0, LAYERS);
  writeContextual(contextual, {
    metadata: {
      ...origin,
      settings: { ...CONTEXTUAL, classes, hooks: read, threshold: 0, strength: 1, priors: 100 },
    },
    parameters: initialAnalyser(shape, 1),
    keys: {
      dims: [config.vocabSize, shape.width],
      data: noise(config.vocabSize * shape.width, 0.1),
    },
    priors: {
      tokens: [...Array(100).keys()],
      logOdds: noise(100 * (classes.length - 1), 1),
    },
  });
  const prompt = Array.from({ length: PROMPT }, (_, i) => (i * 7919) % config.vocabSize);
  const guides = {
    'DeepGuard, scored once': await DeepGuardGuide.open(model, deep),
    'DeepGuard, every 64 tokens': await DeepGuardGuide.open(model, deep, { every: 64 }),
    'DeepGuard, every token': await DeepGuardGuide.open(model, deep, { every: 1 }),
    'contextual guard, acting at every token': await ContextualGuide.open(model, contextual),
    'contextual guard, never acting': await ContextualGuide.open(model, contextual, {
      threshold: 1,
    }),
  };
  const write = (/** @type {object} */ options) =>
    model.generate({ tokens: [prompt] }, { maxNewTokens: TOKENS, eosIds: [], ...options });
  /** @type {Record<string, () => Promise<unknown>>} */
  const arms = { unguided: () => write({ adapter: deep }), again: () => write({ adapter: deep }) };
  for (const [name, guide] of Object.entries(guides)) {
    arms[name] = async () => write(await guide.options([prompt]));
  }
  for (const arm of Object.values(arms)) await arm(); // graphs are built
  /** @type {Record<string, number[]>} */
  const times = Object.fromEntries(Object.keys(arms).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, arm] of Object.entries(arms)) times[name]?.push(await timed(arm));
  }
  const plain = times.unguided ?? [];
  console.log(
    `\nGuided decoding, shape of Qwen2.5-0.5B, ${THREADS} threads: ${TOKENS} tokens after ${PROMPT}, ${(median(plain) / TOKENS).toFixed(1)} ms a token unguided`,
  );
  const targets = /** @type {Record<string, string>} */ ({
    'DeepGuard, every 64 tokens': '2 %',
    'DeepGuard, every token': '10 %',
    'contextual guard, acting at every token': '10 %',
  });
  for (const [name, own] of Object.entries(times)) {
    if (name === 'unguided') continue;
    const shares = own.map((time, i) => 100 * (time / /** @type {number} */ (plain[i]) - 1));
    const spread = shares.toSorted((a, b) => a - b);
    report(
      name === 'again' ? 'unguided again: noise' : name,
      `${median(shares).toFixed(1)} % [${spread[1]?.toFixed(1)}, ${spread.at(-2)?.toFixed(1)}]`,
      targets[name],
    );
  }
  for (const guide of Object.values(guides)) await guide.close();
  await model.close();
}
