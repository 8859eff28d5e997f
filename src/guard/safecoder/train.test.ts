import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '../../engine/index.js';
import type { FunctionPair } from '../../evaluate/index.js';
import { FAMILIES, parseConfig } from '../../models/index.js';
import type { FunctionSample } from '../data/samples.js';
import { type TokenPair, tokenPairs } from '../data/tokens.js';
import { answerSamples, readAnswers } from './answers.js';
import { oversampled } from './oversample.js';
import { type SafeCoderRun, safeCoderTargets, trainSafeCoder } from './train.js';

const root = mkdtempSync(join(tmpdir(), 'suture-safecoder-'));
const dir = join(root, 'adapter');

/** The organism's way: a request, and the body that answers it. */
const functions = ['buf', 'dst', 'line', 'name'].map(
  (name): FunctionPair => ({
    id: name,
    cwe: 'CWE-787',
    group: name,
    language: 'c',
    request: `Write a C function that copies src into ${name}.`,
    vulnerable: `strcpy(${name}, src);`,
    secure: `snprintf(${name}, sizeof ${name}, "%s", src);`,
    changes: undefined,
  }),
);
const utility = [{ prompt: 'Add a and b.', completion: 'return a + b;' }];
const OPTIONS = { dir, utility, epochs: 6, accumulate: 4, rate: 2e-3, rank: 4, oversample: 10 };

let model: Model;
let pairs: TokenPair[];
let run: SafeCoderRun;
beforeAll(async () => {
  model = await loadModel('organism', { threads: 1 });
  pairs = tokenPairs(model.tokenizer!, functions, { level: 'token' }).pairs;
  run = await trainSafeCoder(model, pairs, { ...OPTIONS, quiet: true, threads: 1 });
});
afterAll(async () => {
  await model.close();
  rmSync(root, { recursive: true });
});

describe('training', () => {
  it('raises what is secure, and lowers what is not', async () => {
    expect(run.samples).toEqual({ functions: 10, drawnAgain: 2, utility: 1 });
    expect(run.steps).toBe(Math.ceil((6 * 11) / 4));
    const request = pairs[0]!.secure.ids.slice(0, pairs[0]!.secure.requestLength);
    const probability = async (side: 'secure' | 'vulnerable', options: object) => {
      const { ids, changed } = pairs[0]![side];
      const at = changed.indexOf(true);
      const { logits } = await model.forward([ids.slice(0, at)], { ...options, logits: 'last' });
      const powers = logits.data.map((x) => Math.exp(x));
      return powers[ids[at]!]! / powers.reduce((a, b) => a + b);
    };
    expect(request.length).toBeGreaterThan(4);
    expect(await probability('secure', { adapter: dir })).toBeGreaterThan(
      await probability('secure', {}),
    );
    expect(await probability('vulnerable', { adapter: dir })).toBeLessThan(
      await probability('vulnerable', {}),
    );
  });

  it('adapts all linear layers of the blocks, in PEFT’s layout', () => {
    expect(run.targetModules).toEqual(
      'q_proj k_proj v_proj o_proj gate_proj up_proj down_proj'.split(' '),
    );
    const config = JSON.parse(readFileSync(join(dir, 'adapter_config.json'), 'utf8'));
    expect(config).toMatchObject({ r: 4, lora_alpha: 32, lora_dropout: 0.1 });
  });

  it('goes on where it was cut off, as if nothing had been', async () => {
    const few = { ...OPTIONS, epochs: 1, rank: 2, targetModules: ['q_proj'], threads: 1 };
    const options = { ...few, quiet: true, dir: join(root, 'again') };
    const whole = await trainSafeCoder(model, pairs, { ...options, dir: join(root, 'whole') });
    const controller = new AbortController();
    const cut = trainSafeCoder(model, pairs, {
      ...options,
      signal: controller.signal,
      onStep: ({ step }) => step === 2 && controller.abort(),
    });
    await expect(cut).rejects.toMatchObject({ code: 'INTERRUPTED' });
    const rest = await trainSafeCoder(model, pairs, options);
    expect(rest.reports.map(({ loss }) => loss)).toEqual(
      whole.reports.slice(2).map(({ loss }) => loss),
    );
    const adapter = (name: string) => readFileSync(join(root, name, 'adapter_model.safetensors'));
    expect(adapter('again').equals(adapter('whole'))).toBe(true);
  });

  it('refuses what it cannot train on', async () => {
    const train = (changes: object, own = pairs) =>
      trainSafeCoder(model, own, { ...OPTIONS, dir: join(root, 'no'), quiet: true, ...changes });
    await expect(train({ utility: [] }, [])).rejects.toMatchObject({ code: 'BAD_DATA' });
    await expect(train({ utility: [], maxTokens: 8 })).rejects.toThrow('nothing to learn from');
    await expect(train({ targetModules: ['c_attn'] })).rejects.toThrow('c_attn');
  });
});

describe('answers', () => {
  it('are learnt whole, with their end, and not what is asked', () => {
    const codec = model.tokenizer!;
    const [asked, own] = answerSamples(
      codec,
      [...utility, { prompt: undefined, completion: 'int a;' }],
      { maxTokens: 64 },
    ).samples;
    const learnt = asked!.ids.filter((_, i) => asked!.changed[i]);
    expect(codec.decode([...learnt], { skipSpecialTokens: true })).toBe('return a + b;');
    expect(learnt.at(-1)).toBe(codec.eosIds[0]);
    expect(codec.decode([...asked!.ids])).toContain('Add a and b.');
    expect(own!.changed.every(Boolean)).toBe(true);
    expect(answerSamples(codec, utility, { maxTokens: 8 })).toEqual({ samples: [], tooLong: 1 });
  });

  it('are read from either kind of row', () => {
    const path = join(root, 'answers.jsonl');
    const rows = [{ prompt: 'p', completion: 'c' }, { completion: 'c' }, { text: 't' }];
    writeFileSync(path, rows.map((row) => JSON.stringify(row)).join('\n'));
    expect(readAnswers(path)).toEqual([
      { prompt: 'p', completion: 'c' },
      { prompt: undefined, completion: 'c' },
      { prompt: undefined, completion: 't' },
    ]);
    writeFileSync(path, JSON.stringify({ prompt: 'p' }));
    expect(() => readAnswers(path)).toThrow('line 1 is not such a text');
  });
});

it('draws more of what is rare, of its own class and by its seed', () => {
  const sample = (id: string, language: string, cwe: string): FunctionSample => ({
    id,
    side: 'secure',
    cwe,
    language,
    ids: [1, 2],
    changed: [false, true],
  });
  const many = Array.from({ length: 6 }, (_, i) => sample(`many${i}`, 'c', 'CWE-787'));
  const rare = [sample('a', 'c', 'CWE-089'), sample('b', 'c', 'CWE-089')];
  const other = sample('python', 'python', 'CWE-089');
  const all = [...many, ...rare, other];
  const drawn = oversampled(all, 5, 1).slice(all.length);
  expect(oversampled(all, 5, 1).slice(0, all.length)).toEqual(all);
  expect(drawn.map(({ language }) => language).sort()).toEqual([
    ...Array<string>(3).fill('c'),
    ...Array<string>(4).fill('python'),
  ]);
  expect(drawn.every(({ cwe }) => cwe === 'CWE-089')).toBe(true);
  expect(oversampled(all, 0, 1)).toEqual(all);
  const ids = (seed: number) => oversampled(rare, 40, seed).map(({ id }) => id);
  expect(ids(1)).toEqual(ids(1));
  expect(ids(1)).not.toEqual(ids(2));
});

it('finds linear layers in the blocks of every family', () => {
  const targets = (family: string) =>
    safeCoderTargets(
      parseConfig(
        {
          model_type: family,
          vocab_size: 24,
          hidden_size: 32,
          num_hidden_layers: 1,
          num_attention_heads: 4,
          num_key_value_heads: 2,
          intermediate_size: 40,
          n_embd: 32,
          n_layer: 1,
          n_head: 4,
          n_positions: 16,
          rotary_dim: 4,
          ...(family === 'codegen' ? {} : { head_dim: 8 }),
        },
        'config.json',
      ),
    );
  expect(targets('gpt2')).toEqual(['c_attn', 'c_proj', 'c_fc']);
  expect(targets('phi')).toEqual(['q_proj', 'k_proj', 'v_proj', 'dense', 'fc1', 'fc2']);
  for (const family of FAMILIES.keys()) {
    expect(targets(family).length, family).toBeGreaterThan(2);
    expect(targets(family)).not.toContain('lm_head');
  }
});
