import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '../../engine/index.js';
import type { FunctionPair } from '../../evaluate/index.js';
import { parseConfig } from '../../models/index.js';
import { readSafetensors, writeSafetensors } from '../../tensor/index.js';
import { type TokenPair, tokenPairs } from '../data/tokens.js';
import { fixture } from '../testing/numeric.js';
import { openPrefix } from './file.js';
import { type Control, prefixOf } from './prefix.js';
import { type SvenRun, svenSize, trainSven } from './train.js';

const root = mkdtempSync(join(tmpdir(), 'suture-sven-'));
const dir = join(root, 'prefix');

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
const OPTIONS = { dir, length: 2, epochs: 10 };

let model: Model;
let pairs: TokenPair[];
let run: SvenRun;
beforeAll(async () => {
  model = await loadModel('organism', { threads: 1 });
  pairs = tokenPairs(model.tokenizer!, functions, { level: 'mix' }).pairs;
  run = await trainSven(model, pairs, { ...OPTIONS, quiet: true, threads: 1 });
}, 120_000);
afterAll(async () => {
  await model.close();
  rmSync(root, { recursive: true });
});

describe('training', () => {
  it('makes each side more probable under its own prefix than under the other', async () => {
    const { nLayers, nKvHeads, headDim } = model.config;
    expect(run).toMatchObject({ steps: 40, length: 2, samples: 8 });
    expect(run.parameters).toBe(2 * 2 * 2 * nLayers * nKvHeads * headDim);
    const { prefixes, metadata } = openPrefix(dir, model);
    expect(metadata.training).toMatchObject({ epochs: 10, accumulate: 2, rate: 0.01, kl: 1.6 });
    const logProbability = async (side: Control, control: Control) => {
      const { ids, changed } = pairs[0]![side];
      const at = changed.indexOf(true);
      let found = 0;
      await model.generate(
        { tokens: [ids.slice(0, at)] },
        {
          maxNewTokens: 1,
          prefix: prefixes[control],
          processors: [
            (logits) => {
              const sum = logits.reduce((total, x) => total + Math.exp(x), 0);
              found = logits[ids[at]!]! - Math.log(sum);
            },
          ],
        },
      );
      return found;
    };
    for (const [side, other] of [
      ['secure', 'vulnerable'],
      ['vulnerable', 'secure'],
    ] as const) {
      expect(await logProbability(side, side)).toBeGreaterThan(
        0.1 + (await logProbability(side, other)),
      );
    }
    // Both prefixes begin as one.
    expect(run.reports[0]!.parts.contrastive).toBeCloseTo(Math.log(2), 2);
    expect(run.reports.at(-1)!.parts.contrastive).toBeLessThan(0.8 * Math.log(2));
  });

  it('goes on where it was cut off, as if nothing had been', async () => {
    const options = { ...OPTIONS, epochs: 1, dir: join(root, 'again'), threads: 1, quiet: true };
    const whole = await trainSven(model, pairs, { ...options, dir: join(root, 'whole') });
    const controller = new AbortController();
    const cut = trainSven(model, pairs, {
      ...options,
      signal: controller.signal,
      onStep: ({ step }) => step === 2 && controller.abort(),
    });
    await expect(cut).rejects.toMatchObject({ code: 'INTERRUPTED' });
    const rest = await trainSven(model, pairs, options);
    expect(rest.reports.map(({ loss }) => loss)).toEqual(
      whole.reports.slice(2).map(({ loss }) => loss),
    );
    const file = (name: string) => readFileSync(join(root, name, 'prefix.safetensors'));
    expect(file('again').equals(file('whole'))).toBe(true);
  });

  it('refuses what it cannot train on', async () => {
    const train = (changes: object, own = pairs, on = model) =>
      trainSven(on, own, { ...OPTIONS, dir: join(root, 'no'), quiet: true, ...changes });
    await expect(train({}, [])).rejects.toMatchObject({ code: 'BAD_DATA' });
    await expect(train({ length: 0 })).rejects.toThrow('1 token or more');
    const dynamic = await loadModel(fixture('llama_dynamicntk_bf16'), { threads: 1 });
    await expect(train({}, pairs, dynamic)).rejects.toThrow('rope type "dynamic"');
    await dynamic.close();
  });
});

it('turns what was trained into keys and values of heads', () => {
  const shape = { nLayers: 1, nKvHeads: 2, headDim: 3 };
  // [controls 2, n 2, heads 2 * 3]: control, token, head and place can be read off each value.
  const values = [0, 1].flatMap((c) =>
    [0, 1].flatMap((t) =>
      [0, 1].flatMap((h) => [0, 1, 2].map((i) => 1000 * c + 100 * t + 10 * h + i)),
    ),
  );
  const tensor = { dims: [2, 2, 6], data: Float32Array.from(values) };
  const parameters = new Map([
    ['prefix.0.key', tensor],
    ['prefix.0.value', tensor],
  ]);
  const { key } = prefixOf(parameters, 'vulnerable', shape).layers[0]!;
  expect(key.dims).toEqual([2, 2, 3]);
  expect([...key.data]).toEqual([
    1000, 1001, 1002, 1100, 1101, 1102, 1010, 1011, 1012, 1110, 1111, 1112,
  ]);
});

describe('a file of prefixes', () => {
  it('is refused for another model, for other shapes, and where it is none', () => {
    const refusal = (message: RegExp) =>
      expect.objectContaining({ code: 'BAD_ADAPTER', message: expect.stringMatching(message) });
    const { config, tokenizer } = model;
    const other = { config, tokenizer, hash: 'other' };
    expect(() => openPrefix(dir, other)).toThrow(refusal(/made for another model.*weights differ/));
    expect(openPrefix(dir, other, { force: true }).metadata.length).toBe(2);
    const wider = { ...other, config: { ...config, headDim: config.headDim + 1 } };
    expect(() => openPrefix(dir, wider, { force: true })).toThrow(refusal(/needs secure\.layers/));
    expect(() => openPrefix(root, model)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
    const path = join(dir, 'prefix.safetensors');
    const tensors = readSafetensors(path);
    const changed = (metadata: Record<string, string>) => {
      writeSafetensors(join(root, 'prefix.safetensors'), tensors, { dtype: 'f32', metadata });
      return () => openPrefix(root, model);
    };
    expect(changed({ format: 'suture.guard' })).toThrow(refusal(/is not a prefix/));
    const bytes = readFileSync(path);
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE(0))));
    expect(changed(header.__metadata__)().dir).toBe(root);
    expect(changed({ ...header.__metadata__, length: '0' })).toThrow(refusal(/length/));
  });
});

it('follows the sizes that SVEN was made in', () => {
  const llama = (hidden_size: number, num_hidden_layers: number) =>
    parseConfig(
      {
        model_type: 'llama',
        vocab_size: 32000,
        hidden_size,
        num_hidden_layers,
        num_attention_heads: 16,
        intermediate_size: 3 * hidden_size,
        max_position_embeddings: 4096,
      },
      'config.json',
    );
  expect(svenSize(llama(1024, 24))).toEqual({ length: 5, epochs: 8, kl: 1.6 });
  expect(svenSize(llama(2560, 32))).toEqual({ length: 8, epochs: 5, kl: 1.6 });
  expect(svenSize(llama(4096, 32))).toEqual({ length: 12, epochs: 5, kl: 2 });
});
