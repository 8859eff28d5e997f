import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors, relMax, type Tensor } from '../tensor/index.js';
import { type Intervention, loadModel, type Model } from './index.js';

/**
 * Figures computed by Hugging Face's own code (fixtures/README.md). relMax = max|a-b| / max|b|;
 * their float32 noise is below 6e-6, and the smallest mistake in a feature moves logits by 2e-4.
 */
const TOLERANCE = 2e-5;
const FOLDER = fileURLToPath(new URL('../../fixtures', import.meta.url));
const FIXTURES = readdirSync(FOLDER).filter((name) =>
  existsSync(join(FOLDER, name, 'reference.json')),
);

it('there are fixtures', () => {
  expect(FIXTURES.length).toBeGreaterThanOrEqual(26);
});

describe.each(FIXTURES)('%s agrees with Hugging Face', (name) => {
  const dir = join(FOLDER, name);
  const reference = readSafetensors(join(dir, 'reference.safetensors'));
  const scalars = JSON.parse(readFileSync(join(dir, 'reference.json'), 'utf8'));
  const expected = (key: string): Tensor => {
    const tensor = reference.get(key);
    if (!tensor) throw new Error(`${name} has no ${key}`);
    return tensor;
  };
  const prompt = (i: number) => [...expected(`input_ids.${i}`).data];
  const n: number = scalars.num_layers;
  const adapter = join(dir, 'adapter');
  /** Where frequencies follow the length, keys of a cache differ from those of a whole pass: Hugging Face's too. */
  const followsLength = !reference.has('greedy.0');
  let model: Model;
  beforeAll(async () => {
    model = await loadModel(join(dir, 'model'), { threads: 2 });
  });
  afterAll(() => model.close());

  const post = (layer: number) => `blocks.${layer}.hook_resid_post`;
  /** One layer's value of a captured hook of row 0, without the batch axis. */
  const first = (tensor: Tensor | undefined) => tensor!.data;

  it.each([0, 1, 2])('logits and hidden states of prompt %i', async (i) => {
    const { logits, cache } = await model.forward([prompt(i)], {
      capture: [
        'hook_embed',
        'blocks.*.hook_resid_post',
        'ln_final.hook_normalized',
        'blocks.*.hook_resid_pre',
      ],
    });
    expect(relMax(logits.data, expected(`logits.${i}`).data)).toBeLessThan(TOLERANCE);
    expect(relMax(first(cache.get('hook_embed')), expected(`hidden.${i}.0`).data)).toBeLessThan(
      TOLERANCE,
    );
    for (let l = 0; l < n; l++) {
      const after = l < n - 1 ? `hidden.${i}.${l + 1}` : `resid_final_pre_norm.${i}`;
      expect(relMax(first(cache.get(post(l))), expected(after).data)).toBeLessThan(TOLERANCE);
      const before = first(cache.get(`blocks.${l}.hook_resid_pre`));
      expect(relMax(before, expected(`hidden.${i}.${l}`).data)).toBeLessThan(TOLERANCE);
    }
    const final = first(cache.get('ln_final.hook_normalized'));
    expect(relMax(final, expected(`hidden.${i}.${n}`).data)).toBeLessThan(TOLERANCE);
  });

  it('attention, MLP and mid-block values, and attention patterns', async () => {
    const middle = model.config.parallel ? [] : ['hook_resid_mid'];
    const hooks = ['hook_attn_out', ...middle, 'hook_mlp_out', 'attn.hook_pattern', 'attn.hook_z'];
    const { cache } = await model.forward([prompt(1)], {
      capture: hooks.map((hook) => `blocks.*.${hook}`),
    });
    for (let l = 0; l < n; l++) {
      const pairs = [
        [`blocks.${l}.hook_attn_out`, `attn_out.1.${l}`],
        ...middle.map((hook) => [`blocks.${l}.${hook}`, `resid_mid.1.${l}`]),
        [`blocks.${l}.hook_mlp_out`, `mlp_out.1.${l}`],
        [`blocks.${l}.attn.hook_pattern`, `attn_probs.1.${l}`],
      ];
      for (const [hook, key] of pairs) {
        expect(relMax(first(cache.get(hook!)), expected(key!).data)).toBeLessThan(TOLERANCE);
      }
      const { nHeads, headDim } = model.config;
      expect(cache.get(`blocks.${l}.attn.hook_z`)!.dims).toEqual([1, 17, nHeads, headDim]);
    }
  });

  it.skipIf(followsLength)(
    'greedy tokens: alone, and in one batch of unequal prompts',
    async () => {
      const want = [0, 1, 2].map((i) => [...expected(`greedy.${i}`).data]);
      const options = { maxNewTokens: 24, eosIds: [] };
      for (const i of [0, 1, 2]) {
        const { samples } = await model.generate({ tokens: [prompt(i)] }, options);
        expect(samples[0]!.tokens).toEqual(want[i]);
        expect(samples[0]!.finishReason).toBe('length');
      }
      const batch = await model.generate({ tokens: [prompt(2), prompt(0), prompt(1)] }, options);
      expect(batch.samples.map(({ tokens }) => tokens)).toEqual([want[2], want[0], want[1]]);
    },
  );

  it.skipIf(followsLength)(
    'greedy tokens without a cache: each from a whole forward pass',
    async () => {
      const ids = prompt(0);
      for (const token of expected('greedy.0').data) {
        const { logits } = await model.forward([ids], { logits: 'last' });
        expect(logits.data.indexOf(Math.max(...logits.data))).toBe(token);
        ids.push(token);
      }
    },
  );

  it('unequal rows of one forward pass agree with each alone', async () => {
    const { logits } = await model.forward([prompt(0), prompt(2)]);
    const vocab = model.config.vocabSize;
    expect(logits.dims).toEqual([2, 40, vocab]);
    const short = logits.data.subarray(0, 5 * vocab);
    expect(relMax(short, expected('logits.0').data)).toBeLessThan(TOLERANCE);
    const long = logits.data.subarray(40 * vocab);
    expect(relMax(long, expected('logits.2').data)).toBeLessThan(TOLERANCE);
  });

  const vector = expected('iv.vector').data;
  const donor = async (layer: number, position: number) => {
    const { cache } = await model.forward([prompt(2)], { capture: [post(layer)] });
    const d = model.dModel;
    return {
      dims: [1, d],
      data: cache.get(post(layer))!.data.slice(position * d, (position + 1) * d),
    };
  };
  const zero = () => ({ dims: [1, vector.length], data: new Float32Array(vector.length) });
  const steer = (layer: number, positions: Intervention['positions']): Intervention => ({
    hook: post(layer),
    op: 'add',
    vector,
    scale: 1.5,
    positions,
  });
  const interventions: [string, () => Promise<Intervention> | Intervention][] = [
    ['steer_all', () => steer(1, 'all')],
    ['steer_last', () => steer(1, 'last_prompt')],
    ['steer_last', () => steer(1, [-1])],
    ['steer_all_layer0', () => steer(0, 'all')],
    ['steer_all_lastlayer', () => ({ ...steer(0, 'all'), hook: 'blocks.-1.hook_resid_post' })],
    [
      'patch',
      async () => ({ hook: post(1), op: 'replace', value: await donor(1, 25), positions: [9] }),
    ],
    [
      'patch_layer0_last',
      async () => ({ hook: post(0), op: 'replace', value: await donor(0, 39), positions: [16] }),
    ],
    ['zero', () => ({ hook: post(1), op: 'replace', value: zero(), positions: [9] })],
    ['ablate_dir', () => ({ hook: post(1), op: 'project_out', vector, positions: 'all' })],
  ];
  it.each(interventions)('intervention %s', async (key, make) => {
    const intervention = await make();
    const { logits } = await model.forward([prompt(1)], { interventions: [intervention] });
    expect(relMax(logits.data, expected(`iv.${key}.logits`).data)).toBeLessThan(TOLERANCE);
  });

  it('an intervention on one row leaves the other as it was', async () => {
    const { logits } = await model.forward([prompt(1), prompt(1)], {
      interventions: [{ ...steer(1, 'all'), rows: [1] }],
    });
    const half = logits.data.length / 2;
    expect(relMax(logits.data.subarray(0, half), expected('logits.1').data)).toBeLessThan(
      TOLERANCE,
    );
    const steered = expected('iv.steer_all.logits').data;
    expect(relMax(logits.data.subarray(half), steered)).toBeLessThan(TOLERANCE);
  });

  it('hidden states under steering', async () => {
    const { cache } = await model.forward([prompt(1)], {
      capture: ['blocks.*.hook_resid_post', 'ln_final.hook_normalized'],
      interventions: [steer(1, 'all')],
    });
    for (let l = 0; l < n - 1; l++) {
      const want = expected(`iv.steer_all.logits.hidden.${l + 1}`).data;
      expect(relMax(first(cache.get(post(l))), want)).toBeLessThan(TOLERANCE);
    }
    const final = expected(`iv.steer_all.logits.hidden.${n}`).data;
    expect(relMax(first(cache.get('ln_final.hook_normalized')), final)).toBeLessThan(TOLERANCE);
  });

  it.skipIf(followsLength)('greedy tokens under steering', async () => {
    const run = async (positions: Intervention['positions']) => {
      const { samples } = await model.generate(
        { tokens: [prompt(0)] },
        { maxNewTokens: 24, eosIds: [], interventions: [steer(1, positions)] },
      );
      return samples[0]!.tokens;
    };
    expect(await run('all')).toEqual([...expected('iv.greedy_steer_all').data]);
    const fromLast = [...expected('iv.greedy_steer_from_last_prompt_token').data];
    expect(await run('last_prompt_and_generated')).toEqual(fromLast);
  });

  it('LoRA logits', async () => {
    for (const i of [0, 1]) {
      const { logits } = await model.forward([prompt(i)], { adapter });
      expect(relMax(logits.data, expected(`lora.logits.${i}`).data)).toBeLessThan(TOLERANCE);
    }
  });

  it.skipIf(followsLength)('greedy tokens with LoRA', async () => {
    const { samples } = await model.generate(
      { tokens: [prompt(0)] },
      { maxNewTokens: 24, eosIds: [], adapter },
    );
    expect(samples[0]!.tokens).toEqual([...expected('lora.greedy.0').data]);
  });
});
