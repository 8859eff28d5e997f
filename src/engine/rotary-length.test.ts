import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { relMax } from '../tensor/index.js';
import { loadModel, type Model } from './index.js';
import { writeRandomModel } from './testing/random-model.js';

// Rotary frequencies that follow the length of the sequence: 12 tokens are the original context.
const TINY = {
  vocab_size: 80,
  hidden_size: 36,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 6,
  num_key_value_heads: 2,
};
const LONGROPE = {
  ...TINY,
  model_type: 'phi3',
  head_dim: 8,
  max_position_embeddings: 96,
  original_max_position_embeddings: 12,
  rope_scaling: { type: 'longrope', short_factor: [1, 1, 1.5, 2], long_factor: [2, 4, 6, 8] },
};
const DYNAMIC = {
  ...TINY,
  model_type: 'llama',
  head_dim: 8,
  max_position_embeddings: 12,
  rope_scaling: { type: 'dynamic', factor: 2 },
};

const root = mkdtempSync(join(tmpdir(), 'suture-rotary-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let model: Model;
afterEach(() => model.close());
const load = async (json: Record<string, unknown>) => {
  const dir = join(root, String(json.model_type));
  writeRandomModel(dir, json, 3);
  model = await loadModel(dir, { threads: 1 });
};
const promptOf = (length: number) => Array.from({ length }, (_, i) => (7 * i + 5 * length) % 80);
const last = async (ids: readonly number[]) =>
  (await model.forward([ids], { logits: 'last' })).logits.data;

/** What one pass after the other says, each over the whole sequence. */
async function greedy(ids: readonly number[], count: number): Promise<number[]> {
  const tokens: number[] = [];
  while (tokens.length < count) {
    const logits = await last([...ids, ...tokens]);
    tokens.push(logits.indexOf(Math.max(...logits)));
  }
  return tokens;
}

describe.each([
  ['longrope', LONGROPE],
  ['dynamic', DYNAMIC],
])('%s', (_, json) => {
  it('each row of a batch has the frequencies of its own length', async () => {
    await load(json);
    const batch = [promptOf(20), promptOf(12), promptOf(13)];
    const { logits } = await model.forward(batch, { logits: 'last' });
    for (const [row, ids] of batch.entries()) {
      const alone = await last(ids);
      expect(relMax(logits.data.subarray(row * 80, (row + 1) * 80), alone)).toBeLessThan(2e-5);
    }
  });

  it('generation that stays within a context is that of whole passes', async () => {
    await load(json);
    const prompts = [promptOf(5), promptOf(7)];
    const { samples } = await model.generate({ tokens: prompts }, { maxNewTokens: 5, eosIds: [] });
    for (const [i, ids] of prompts.entries()) {
      expect(samples[i]!.tokens).toEqual(await greedy(ids, 5));
    }
  });
});

describe('longrope', () => {
  it.each([1, 16])(
    'generation that outgrows the context is that of whole passes: %i a prompt',
    async (n) => {
      await load(LONGROPE);
      const prompts = [promptOf(9), promptOf(14), promptOf(12)];
      const options = { maxNewTokens: 8, eosIds: [], n };
      const { samples } = await model.generate({ tokens: prompts }, options);
      for (const [i, ids] of prompts.entries()) {
        const wanted = await greedy(ids, 8);
        for (const { tokens } of samples.slice(i * n, (i + 1) * n)) expect(tokens).toEqual(wanted);
      }
    },
  );
});
