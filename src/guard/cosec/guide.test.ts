import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LogitsProcessor, loadModel, type Model } from '../../engine/index.js';
import { initialLora, loraTargets, writeAdapter } from '../../train/index.js';
import { fixture, lively } from '../testing/numeric.js';
import { writeExpert } from './file.js';
import { CoSecGuide, type CoSecGuideOptions } from './guide.js';
import { coSecTargets } from './train.js';

const root = mkdtempSync(join(tmpdir(), 'suture-cosec-'));
const dir = join(root, 'expert');
const same = join(root, 'same');
const PROMPTS = ['int main', 'Copy src into dst.', 'def'];
const SAMPLING = { temperature: 0.9, topP: 0.95 };

let model: Model;
let prompts: number[][];
beforeAll(async () => {
  model = await loadModel('organism', { threads: 1 });
  prompts = model.encode({ text: PROMPTS });
  const lora = { rank: 4, alpha: 8, targetModules: coSecTargets(model.config) };
  const initial = initialLora(model.config, loraTargets(model.config, lora), 1);
  writeAdapter(dir, lively(initial, 0.08), { ...lora, baseModel: 'organism' });
  writeAdapter(same, initial, { ...lora, baseModel: 'organism' });
});
afterAll(async () => {
  await model.close();
  rmSync(root, { recursive: true });
});

/** After temperature and top-p, from their definitions. */
function warped(logits: Float32Array, temperature: number, topP: number): number[] {
  const top = Math.max(...logits);
  const weights = [...logits].map((x) => Math.exp((x - top) / temperature));
  const mass = weights.reduce((a, b) => a + b);
  const order = [...weights.keys()].sort((a, b) => weights[b]! - weights[a]! || a - b);
  const kept = new Set<number>();
  let reached = 0;
  for (const id of order) {
    if (reached >= topP * mass) break;
    kept.add(id);
    reached += weights[id]!;
  }
  return weights.map((w, id) => (kept.has(id) ? w / reached : 0));
}

/** What the next token is drawn from, in loops from whole passes of both. */
async function expected(ids: readonly number[], options: CoSecGuideOptions) {
  const logits = async (adapter?: string) =>
    (await model.forward([ids], { logits: 'last', ...(adapter && { adapter }) })).logits.data;
  const { variant, temperature, topP = 1, threshold = 0.3 } = options;
  const published = variant === 'published';
  const lm = warped(await logits(), published ? 1 : temperature, published ? 1 : topP);
  const exp = warped(
    await logits(dir),
    options.expertTemperature ?? 0.1,
    options.expertTopP ?? 0.95,
  );
  const accepted = exp.map((p, id) => p > 0 && threshold < Math.min(1, lm[id]! / p));
  const rejected = exp.reduce((sum, p, id) => sum + (accepted[id] ? 0 : p), 0);
  return lm.map((p, id) => (accepted[id] ? exp[id]! : 0) + rejected * p);
}

/** All that was drawn from at every step of a generation, by what stood before. */
async function drawnFrom(guide: CoSecGuide, more: object = {}) {
  const found = new Map<string, number[]>();
  const look: LogitsProcessor = (logits, { ids, tokens }) => {
    found.set([...ids, ...tokens].join(), [...logits].map(Math.exp));
  };
  const { processors = [], ...options } = guide.options();
  const { samples } = await model.generate(
    { tokens: prompts },
    { ...options, processors: [...processors, look], n: 2, maxNewTokens: 5, maxBatch: 4, ...more },
  );
  return { found, samples };
}

describe('co-decoding', () => {
  it.each<Partial<CoSecGuideOptions>>([
    {},
    { expertTemperature: 1, expertTopP: 1, threshold: 0.6 },
    { variant: 'published' },
  ])('draws from the distribution of both steps, with %j', async (changes) => {
    const options = { ...SAMPLING, ...changes };
    const guide = CoSecGuide.open(model, dir, options);
    const { found } = await drawnFrom(guide);
    expect(found.size).toBeGreaterThan(6);
    for (const [key, p] of found) {
      const own = await expected(key.split(',').map(Number), options);
      for (const [id, value] of own.entries())
        if (Math.abs(value - p[id]!) > 2e-4) expect(p[id], key).toBeCloseTo(value, 3);
    }
    await guide.close();
  });

  it('comes as often as it says', async () => {
    const options = { temperature: 1.6, expertTemperature: 1.5 };
    const guide = CoSecGuide.open(model, dir, options);
    const tokens = [prompts[0]!];
    const draws = 1000;
    const more = { n: draws, maxNewTokens: 1, seed: 3, maxBatch: 64 };
    const { samples } = await model.generate({ tokens }, { ...guide.options(), ...more });
    await guide.close();
    const p = await expected(tokens[0]!, options);
    const counts = p.map(() => 0);
    for (const {
      tokens: [first],
    } of samples)
      counts[first!]!++;
    // Tokens that come seldom count as one.
    const often = [...p.keys()].filter((id) => draws * p[id]! >= 5);
    const rest = [...p.keys()].filter((id) => draws * p[id]! < 5);
    const sum = (of: number[], ids: number[]) => ids.reduce((total, id) => total + of[id]!, 0);
    let chiSquare =
      (sum(counts, rest) - draws * sum(p, rest)) ** 2 / Math.max(1, draws * sum(p, rest));
    for (const id of often) chiSquare += (counts[id]! - draws * p[id]!) ** 2 / (draws * p[id]!);
    expect(often.length).toBeGreaterThan(2);
    // Mean and variance are those of the degrees of freedom; so far beyond is 1 in some thousand.
    expect(chiSquare).toBeLessThan(often.length + 5 * Math.sqrt(2 * often.length));
  });

  it('is the base model where the expert is it too', async () => {
    const alike = { expertTemperature: SAMPLING.temperature, expertTopP: SAMPLING.topP };
    const guide = CoSecGuide.open(model, same, { ...SAMPLING, ...alike });
    const { found } = await drawnFrom(guide);
    for (const [key, p] of found) {
      const ids = key.split(',').map(Number);
      const { logits } = await model.forward([ids], { logits: 'last' });
      const own = warped(logits.data, SAMPLING.temperature, SAMPLING.topP);
      for (const [id, value] of own.entries())
        if (Math.abs(value - p[id]!) > 2e-4) expect(p[id], key).toBeCloseTo(value, 3);
    }
    await guide.close();
  });

  it('draws, as published, what temperature and top-p rule out', async () => {
    const outside = async (variant: 'warped' | 'published') => {
      const options = { temperature: 0.2, topP: 0.5, variant };
      const guide = CoSecGuide.open(model, dir, options);
      const { found } = await drawnFrom(guide);
      await guide.close();
      let mass = 0;
      for (const [key, p] of found) {
        const ids = key.split(',').map(Number);
        const { logits } = await model.forward([ids], { logits: 'last' });
        const lm = warped(logits.data, 0.2, 0.5);
        mass += p.reduce((sum, x, id) => sum + (lm[id] === 0 ? x : 0), 0) / found.size;
      }
      return mass;
    };
    expect(await outside('warped')).toBeLessThan(1e-3);
    expect(await outside('published')).toBeGreaterThan(0.05);
  });

  it('takes an expert from another checkpoint, and says what it was', async () => {
    const other = await loadModel('organism', { threads: 1 });
    const guide = CoSecGuide.open(model, dir, { ...SAMPLING, expertModel: other });
    const own = CoSecGuide.open(model, dir, SAMPLING);
    expect((await drawnFrom(guide)).samples).toEqual((await drawnFrom(own)).samples);
    const hash = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(own.record).toEqual({
      hash,
      model: null,
      variant: 'warped',
      threshold: 0.3,
      temperature: 0.1,
      topP: 0.95,
    });
    expect(guide.record.model).toEqual({ id: 'organism', hash: model.hash });
    await guide.close();
    await own.close();
    await other.close();
  });

  it('refuses an expert of another model, and another adapter than was bound, unless forced', async () => {
    const bound = join(root, 'bound');
    cpSync(dir, bound, { recursive: true });
    const origin = {
      model: 'another',
      model_hash: model.hash,
      tokenizer_hash: model.tokenizer!.hash,
      template_hash: model.tokenizer!.chatTemplateHash ?? '',
      data_hash: '',
      training: {},
    };
    const open = (force = false) => CoSecGuide.open(model, bound, { ...SAMPLING, force });
    writeExpert(bound, origin);
    open();
    cpSync(join(same, 'adapter_model.safetensors'), join(bound, 'adapter_model.safetensors'));
    expect(() => open()).toThrow('not the one');
    writeExpert(bound, { ...origin, model_hash: 'f'.repeat(64) });
    expect(() => open()).toThrow('another model (another): the weights differ');
    open(true);
    writeFileSync(join(bound, 'expert.json'), '{}');
    expect(() => open(true)).toThrow('not written by this version');
  });

  it('refuses what cannot work', async () => {
    const open = (options: Partial<CoSecGuideOptions>, from = dir) =>
      CoSecGuide.open(model, from, { ...SAMPLING, ...options });
    expect(() => open({ temperature: 0 })).toThrow('above 0');
    expect(() => open({ threshold: 1 })).toThrow('threshold');
    expect(() => open({}, root)).toThrow('adapter_config.json');
    const gpt2 = await loadModel(fixture('gpt2_f32'), { threads: 1 });
    expect(() => open({ expertModel: gpt2 })).toThrow('another tokenizer');
    await gpt2.close();
  });
});
