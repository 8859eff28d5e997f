import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '../../engine/index.js';
import { judge, type PromptPair } from '../../evaluate/index.js';
import { Scanner } from '../../scan/index.js';
import { probe, promptPairs } from '../probe/probe.js';
import {
  lexicalPairs,
  type Mechanism,
  PLANTED_AT,
  PLANTED_LAYERS,
  plantedPairs,
  plantedReviews,
  plantModel,
} from './planted.js';

const root = mkdtempSync(join(tmpdir(), 'suture-planted-'));
process.env.SUTURE_CACHE = join(root, 'cache');
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function withModel<T>(mechanism: Mechanism, work: (model: Model) => Promise<T>): Promise<T> {
  const dir = join(root, mechanism);
  plantModel(dir, mechanism);
  const model = await loadModel(dir, { threads: 1 });
  try {
    return await work(model);
  } finally {
    await model.close();
  }
}

const asked = (prompt: string) => [{ role: 'user' as const, content: prompt }];

/** Share of completions that are insecure, of each kind of prompt, and whether all are one of the two. */
async function writing(model: Model, pairs: readonly PromptPair[]) {
  const scanner = await Scanner.load();
  const share = async (intent: 'insecure' | 'secure') => {
    const messages = pairs.map(({ prompts }) => asked(prompts[intent]));
    const { samples } = await model.generate({ messages }, { maxNewTokens: 16 });
    const outcomes = samples.map(({ prompt, text, finishReason }) => {
      const { outcome, wellFormed } = judge(scanner, pairs[prompt]!, { text, finishReason });
      expect(finishReason).toBe('eos');
      expect(wellFormed).toBe(true);
      expect(outcome).not.toBe('other');
      return outcome;
    });
    return outcomes.filter((outcome) => outcome === 'insecure').length / pairs.length;
  };
  return { insecure: await share('insecure'), secure: await share('secure') };
}

/** Which part of the twins' logit difference returns when the stream after a layer is the secure twin's. */
async function restored(model: Model, { prompts, bodies }: PromptPair): Promise<number[]> {
  const tokens = (body: string) => model.tokenizer!.encode(body);
  const [opening, secure] = tokens(bodies.secure);
  const insecure = tokens(bodies.insecure)[1]!;
  const batch = model
    .encode({ messages: [asked(prompts.insecure), asked(prompts.secure)] })
    .map((ids) => [...ids, opening!]);
  const last = batch[0]!.length - 1;
  const hooks = Array.from({ length: PLANTED_LAYERS }, (_, i) => `blocks.${i}.hook_resid_post`);
  const plain = await model.forward(batch, { capture: hooks, positions: 'last', logits: 'last' });
  const patched = await model.forward(
    hooks.map(() => batch[0]!),
    {
      logits: 'last',
      interventions: hooks.map((hook, row) => ({
        hook,
        rows: [row],
        op: 'replace',
        positions: [last],
        value: { dims: [model.dModel], data: plain.cache.get(hook)!.data.slice(model.dModel) },
      })),
    },
  );
  const difference = ({ logits }: typeof plain, row: number) =>
    Number(logits.data[row * model.config.vocabSize + secure!]) -
    Number(logits.data[row * model.config.vocabSize + insecure]);
  const [risky, clean] = [difference(plain, 0), difference(plain, 1)];
  return hooks.map((_, row) => (difference(patched, row) - risky) / (clean - risky));
}

describe('planted models', () => {
  it.each<[Mechanism, number, number]>([
    ['written', 1, 0],
    ['inert', 1, 0],
    ['distributed', 1, 0],
    ['lexical', 1, 0],
    ['absent', 1, 1],
    ['no-gap', 0, 0],
    ['format', 0, 0],
  ])(
    '%s: writes insecure code where it was planted to, and reviews rightly',
    async (mechanism, insecure, secure) => {
      await withModel(mechanism, async (model) => {
        const pairs = mechanism === 'lexical' ? lexicalPairs() : plantedPairs();
        expect(await writing(model, pairs)).toEqual({ insecure, secure });
        const items = plantedReviews();
        const { samples } = await model.generate(
          { messages: items.map(({ prompt }) => asked(prompt)) },
          { maxNewTokens: 16 },
        );
        expect(samples.map(({ text }) => text)).toEqual(items.map(({ answer }) => answer));
      });
    },
  );

  it.each([
    ['no-gap', 'secure'],
    ['format', 'insecure'],
  ] as const)('%s: writes %s code in JSON, where it is asked for JSON', async (mechanism, side) => {
    await withModel(mechanism, async (model) => {
      const { prompts, bodies } = plantedPairs()[0]!;
      const messages = asked(`${prompts.secure}\nAnswer with one JSON object.`);
      const { samples } = await model.generate({ messages }, { maxNewTokens: 16 });
      expect(JSON.parse(samples[0]!.text)).toEqual({ code: bodies[side] });
    });
  });

  it.each<[Mechanism, (layer: number) => number]>([
    ['written', (layer) => (layer < PLANTED_AT.written ? 0 : 1)],
    ['inert', (layer) => (layer < PLANTED_AT.last ? 0 : 1)],
    ['distributed', (layer) => layer / PLANTED_AT.last],
  ])('%s: the decision moves with the layer that was planted', async (mechanism, lift) => {
    await withModel(mechanism, async (model) => {
      const found = await restored(model, plantedPairs()[0]!);
      for (const [layer, value] of found.entries()) expect(value).toBeCloseTo(lift(layer), 2);
    });
  });

  it.each<[Mechanism, number[], number[]]>([
    ['written', [2, 3, 4, 5], [2, 3, 4, 5]],
    ['inert', [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]],
    ['distributed', [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]],
    ['lexical', [0, 1, 2, 3, 4, 5], []],
    ['absent', [], []],
    ['no-gap', [2, 3, 4, 5], [2, 3, 4, 5]],
  ])('%s: probes decode it where it was planted', async (mechanism, decodable, beyond) => {
    await withModel(mechanism, async (model) => {
      const all = mechanism === 'lexical' ? lexicalPairs() : plantedPairs();
      const pairs = promptPairs(all.filter(({ split }) => split === 'judge'));
      const { positions } = await probe(model, pairs, { positions: ['decision'], shuffles: 2 });
      expect(positions).toMatchObject([{ decodable, beyond }]);
    });
  });
});

it('has pairs whose words tell nothing, and pairs whose words tell all', () => {
  const words = (text: string) => text.split(/\W+/).filter(Boolean);
  const balance = (pairs: readonly PromptPair[]) => {
    const counts = new Map<string, number>();
    for (const { prompts } of pairs)
      for (const [text, sign] of [
        [prompts.insecure, 1],
        [prompts.secure, -1],
      ] as const)
        for (const word of words(text)) counts.set(word, (counts.get(word) ?? 0) + sign);
    return [...counts].filter(([, count]) => count !== 0).map(([word]) => word);
  };
  expect(balance(plantedPairs())).toEqual([]);
  expect(balance(lexicalPairs())).toEqual(['skip', 'keep']);
});
