import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readSafetensors, relMax, type Tensor } from '../../tensor/index.js';
import { type Intervention, loadModel, type Model, type WeightDType } from '../index.js';
import { changeTensors, copyOf, fixture } from '../testing/models.js';
import { fidelity } from './fidelity.js';

const loaded = new Map<string, Promise<Model>>();
const model = (name: string, dtype: WeightDType): Promise<Model> => {
  const key = `${name} ${dtype}`;
  const found = loaded.get(key) ?? loadModel(fixture(`${name}/model`), { dtype, threads: 2 });
  loaded.set(key, found);
  return found;
};
afterAll(async () => {
  for (const one of loaded.values()) await (await one).close();
});

const reference = (name: string) => readSafetensors(fixture(`${name}/reference.safetensors`));
const FIXTURES = readdirSync(fixture('.')).filter((name) => !/\.|sarif/.test(name));
/** Where frequencies follow the length there are none. */
const WITH_GREEDY = FIXTURES.filter((name) => reference(name).has('greedy.0'));

/** Each prompt of a fixture with its greedy continuation by Hugging Face's code. */
function texts(name: string): { ids: number[]; promptLength: number }[] {
  const figures = reference(name);
  return [0, 1, 2].map((i) => {
    const prompt = [...figures.get(`input_ids.${i}`)!.data];
    return { ids: [...prompt, ...figures.get(`greedy.${i}`)!.data], promptLength: prompt.length };
  });
}

/**
 * At each position the most probable token, and by how much it leads: its distance to the second as
 * a share of its distance to the last.
 */
function leaders({ dims, data }: Tensor): { token: number; lead: number }[] {
  const vocab = dims.at(-1)!;
  return Array.from({ length: data.length / vocab }, (_, position) => {
    const row = data.subarray(position * vocab, (position + 1) * vocab);
    const sorted = row.slice().sort();
    const first = sorted.at(-1)!;
    return { token: row.indexOf(first), lead: (first - sorted.at(-2)!) / (first - sorted[0]!) };
  });
}

describe.each(WITH_GREEDY)('%s in 8 bits', (name) => {
  // Random weights, which nothing has taught to be robust, amplify rounding ten times: its 0.5 %
  // arrives at the logits as 5 %.
  it('keeps every greedy token that leads by 5 % or more', async () => {
    const exact = await model(name, 'f32');
    const rounded = await model(name, 'int8');
    let clear = 0;
    for (const { ids, promptLength } of texts(name)) {
      const wanted = leaders((await exact.forward([ids])).logits).slice(promptLength - 1, -1);
      const found = leaders((await rounded.forward([ids])).logits).slice(promptLength - 1, -1);
      for (const [i, { token, lead }] of wanted.entries()) {
        expect(token).toBe(ids[promptLength + i]);
        if (lead < 0.05) continue;
        clear++;
        expect(found[i]!.token).toBe(token);
      }
    }
    expect(clear).toBeGreaterThan(15); // of 72
  });
});

/** Symmetric rounding to 4 bits in blocks of 32, with no search: what q4_0 files hold. */
function plainQ4(data: Float32Array): void {
  for (let from = 0; from < data.length; from += 32) {
    const block = data.subarray(from, from + 32);
    const widest = block.reduce((most, w) => (Math.abs(w) > Math.abs(most) ? w : most), 0);
    const scale = widest / -8;
    if (scale === 0) continue;
    for (const [i, w] of block.entries()) {
      block[i] = scale * Math.max(-8, Math.min(7, Math.round(w / scale)));
    }
  }
}

describe('in 4 bits', () => {
  it('the model that ships loses less than by plain rounding, and 8 bits lose almost nothing', async () => {
    const exact = await loadModel('organism', { threads: 2 });
    const plainDir = copyOf('../assets/organism');
    changeTensors(join(plainDir, 'model.safetensors'), 'f32', (tensors) => {
      for (const { dims, data } of tensors.values()) if (dims.length === 2) plainQ4(data);
    });
    const plain = await loadModel(plainDir, { threads: 2 });
    const four = await loadModel('organism', { dtype: 'int4', threads: 2 });
    const eight = await loadModel('organism', { dtype: 'int8', threads: 2 });
    try {
      const prompts = [
        'Write a Python function that reads the user with this login from the table users.',
        'Write a C function that copies a name into a buffer of 32 characters.',
        'Write a Python function that lists a folder with a shell command.',
        'Write a C function that appends a suffix to a path.',
      ].map((content) => [{ role: 'user' as const, content }]);
      const options = { maxNewTokens: 96, n: 4, temperature: 0.8 };
      const { samples } = await exact.generate({ messages: prompts }, options);
      const ids = exact.encode({ messages: prompts });
      const text = samples.map(({ prompt, tokens }) => [...ids[prompt]!, ...tokens]);
      const loss = await fidelity(four, exact, text);
      const plainLoss = await fidelity(plain, exact, text);
      const eightLoss = await fidelity(eight, exact, text);
      expect(loss.tokens).toBeGreaterThan(200);
      expect(loss.kl).toBeLessThan(plainLoss.kl);
      expect(eightLoss.kl).toBeLessThan(loss.kl / 10);
      expect(eightLoss.sameTop).toBeGreaterThan(0.98);
      expect(loss.perplexity / loss.referencePerplexity - 1).toBeLessThan(0.05);
      const self = await fidelity(exact, exact, text);
      expect(self).toMatchObject({ kl: 0, sameTop: 1, perplexity: self.referencePerplexity });
    } finally {
      for (const one of [exact, plain, four, eight]) await one.close();
    }
  });

  it('nothing is compared across vocabularies, nor without text', async () => {
    const organism = await loadModel('organism', { threads: 2 });
    const other = await model('llama_f32', 'f32');
    try {
      const unlike = fidelity(other, organism, [[1, 2, 3]]);
      await expect(unlike).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
      const nothing = fidelity(organism, organism, [[1]]);
      await expect(nothing).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
    } finally {
      await organism.close();
    }
  });
});

describe.each(['int8', 'int4'] as const)('edits in %s', (dtype) => {
  const name = 'llama_f32';
  const vector = reference(name).get('iv.vector')!.data;
  const ids = [...reference(name).get('input_ids.1')!.data];
  const post = (layer: number) => `blocks.${layer}.hook_resid_post`;
  const capture = ['blocks.*.hook_resid_post'];

  it('a vector moves the residual stream by itself, there and not before', async () => {
    const one = await model(name, dtype);
    const steer: Intervention = { hook: post(1), op: 'add', vector, scale: 1.5, positions: 'all' };
    const plain = await one.forward([ids], { capture });
    const steered = await one.forward([ids], { capture, interventions: [steer] });
    expect(steered.cache.get(post(0))).toEqual(plain.cache.get(post(0)));
    const before = plain.cache.get(post(1))!.data;
    const after = steered.cache.get(post(1))!.data;
    const want = before.map((x, i) => x + 1.5 * vector[i % vector.length]!);
    expect(relMax(after, want)).toBeLessThan(1e-6);
    expect(relMax(steered.logits.data, plain.logits.data)).toBeGreaterThan(1e-3);
  });

  it('a position takes on the value of another text', async () => {
    const one = await model(name, dtype);
    const value = { dims: [1, vector.length], data: vector };
    const patch: Intervention = { hook: post(0), op: 'replace', value, positions: [4] };
    const { cache } = await one.forward([ids], { capture, interventions: [patch] });
    const d = vector.length;
    expect(cache.get(post(0))!.data.slice(4 * d, 5 * d)).toEqual(vector);
  });

  it('an adapter stays exact: it moves the logits as it does in float32', async () => {
    const exact = await model(name, 'f32');
    const one = await model(name, dtype);
    const adapter = fixture(`${name}/adapter`);
    const moved = async (of: Model) => {
      const [base, adapted] = [await of.forward([ids]), await of.forward([ids], { adapter })];
      return adapted.logits.data.map((x, i) => x - base.logits.data[i]!);
    };
    const [want, found] = [await moved(exact), await moved(one)];
    const dot = want.reduce((sum, x, i) => sum + x * found[i]!, 0);
    const cosine = dot / Math.hypot(...want) / Math.hypot(...found);
    expect(cosine).toBeGreaterThan(dtype === 'int8' ? 0.99 : 0.8);
  });

  it('prompts that are equal are completed alike beside a longer one', async () => {
    const one = await model(name, dtype);
    const prompts = [ids, ids.slice(0, 9), ids.slice(0, 9)];
    const options = { maxNewTokens: 12, eosIds: [] };
    const { samples } = await one.generate({ tokens: prompts }, options);
    expect(samples[1]!.tokens).toEqual(samples[2]!.tokens);
    expect(samples.every(({ tokens }) => tokens.length === 12)).toBe(true);
  });
});
