import { afterAll, beforeAll, expect, it } from 'vitest';
import { Random } from '../core/index.js';
import { Device } from '../engine/index.js';
import { FAMILIES, parseConfig } from '../models/index.js';
import type { Tensor } from '../tensor/index.js';
import { toBatch } from './data.js';
import { initialWeights } from './initialise.js';
import { rotaryFeeds } from './model.js';
import { NextToken } from './objective.js';
import { buildLoss } from './program.js';
import { Trainer } from './trainer.js';

// Gradients of every weight of every family against central differences of the loss.
const SIZES = {
  vocab_size: 24,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 40,
  n_embd: 32,
  n_layer: 2,
  n_head: 4,
  n_inner: 40,
  n_positions: 16,
  rotary_dim: 4,
  head_dim: 8,
};
/** What makes more of a family's code run. */
const MORE: Record<string, Record<string, unknown>> = {
  llama: { attention_bias: true, mlp_bias: true },
  mistral: { sliding_window: 3 },
  gemma2: { sliding_window: 3, query_pre_attn_scalar: 24 },
  phi: { qk_layernorm: true },
  stablelm: { qk_layernorm: true, use_parallel_residual: true },
  codegen: { head_dim: null },
};
const TOKENS = [3, 11, 7, 0, 19, 23, 7, 4, 11, 2];

let device: Device;
beforeAll(() => {
  device = new Device({ threads: 2 });
});
afterAll(() => device.close());

it.each([...FAMILIES.keys()])('%s', async (family) => {
  const json = { model_type: family, ...SIZES, ...MORE[family] };
  const config = parseConfig(json, 'config.json');
  const weights = livelyWeights(initialWeights(config, 1));
  const batch = toBatch([[{ tokens: TOKENS, weights: TOKENS.map(() => 1) }]], TOKENS.length);
  const trainer = await Trainer.create(device, config, { kind: 'full' }, weights);
  const gradients = await trainer.gradients([batch]);
  const session = await device.load(buildLoss(new NextToken(config, { kind: 'full' })));
  const loss = async () => {
    const n = TOKENS.length - 1;
    const integers = (values: readonly number[], dims: number[]) =>
      ({ dtype: 'i64', dims, data: BigInt64Array.from(values, BigInt) }) as const;
    const parameters = [...weights].map(([name, t]) => [name, { dtype: 'f32', ...t }] as const);
    const [value] = await device.run(
      session,
      {
        ...Object.fromEntries(parameters),
        ...rotaryFeeds(config, n + 1),
        tokens: integers(TOKENS, [1, n + 1]),
        positions: integers([...TOKENS.keys()], [1, n + 1]),
        segments: integers(Array<number>(n + 1).fill(0), [1, n + 1]),
        logit_rows: integers([...Array(n).keys()], [n]),
        labels: integers(TOKENS.slice(1), [n]),
        label_weights: { dtype: 'f32', dims: [n], data: new Float32Array(n).fill(1 / n) },
      },
      { fetch: ['loss'] },
    );
    return value!.data[0]!;
  };

  expect([...gradients.keys()].sort()).toEqual([...weights.keys()].sort());
  const random = new Random('directions', family);
  for (const [name, gradient] of gradients) {
    // Along the gradient, and a little beside it: one that is too small would be noticed too.
    const size = Math.hypot(...gradient.data);
    const beside = 0.5 / Math.sqrt(gradient.data.length);
    const direction = gradient.data.map((x) => x / (size || 1) + beside * random.normal());
    const expected = direction.reduce((sum, x, i) => sum + x * gradient.data[i]!, 0);
    const { dims, data } = weights.get(name)!;
    const at = async (step: number) => {
      weights.set(name, { dims, data: data.map((x, i) => x + step * direction[i]!) });
      return loss();
    };
    const step = 1e-2;
    const measured = ((await at(step)) - (await at(-step))) / (2 * step);
    weights.set(name, { dims, data });
    // Differences of losses near 4 in float32 are good to 1e-4.
    expect(Math.abs(measured - expected), name).toBeLessThan(1e-4 + 0.02 * Math.abs(expected));
  }
  await device.unload(session);
});

it.each([...FAMILIES.keys()])('%s, its blocks computed again on the way back', async (family) => {
  const config = parseConfig({ model_type: family, ...SIZES, ...MORE[family] }, 'config.json');
  const weights = livelyWeights(initialWeights(config, 1));
  const batch = toBatch([[{ tokens: TOKENS, weights: TOKENS.map(() => 1) }]], TOKENS.length);
  const found = [];
  for (const recompute of [false, true]) {
    const trainer = await Trainer.create(device, config, { kind: 'full', recompute }, weights);
    found.push(await trainer.gradients([batch]));
  }
  const [kept, again] = found;
  for (const [name, { data }] of again!) {
    const expected = kept!.get(name)!.data;
    const largest = Math.max(...expected.map(Math.abs));
    for (const [i, x] of data.entries()) {
      expect(Math.abs(x - expected[i]!), name).toBeLessThanOrEqual(1e-5 * largest + 1e-8);
    }
  }
});

/** Weights at which everything matters: products of about their inputs' size, no bias 0. */
function livelyWeights(initial: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map(
    [...initial].map(([name, { dims, data }]) => {
      const random = new Random('lively', name);
      const spread = dims.length > 1 ? 0.2 : 0.1;
      return [name, { dims, data: data.map((x) => x + spread * random.normal()) }];
    }),
  );
}
