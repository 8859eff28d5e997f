import { readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ErrorCode, SutureError } from '../core/index.js';
import type { Intervention } from './index.js';
import { type GenerateOptions, loadModel, type Model, type Prompts } from './index.js';
import { changeJson, changeTensors, copyOf, fixture } from './testing/models.js';

/** Everything that can go wrong ends in a SutureError with a code, and says what was wrong. */
async function refuses(run: Promise<unknown>, code: ErrorCode, ...parts: (string | RegExp)[]) {
  const thrown = await run.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(SutureError);
  expect((thrown as SutureError).code).toBe(code);
  for (const part of parts) expect((thrown as SutureError).message).toMatch(part);
}

const FIXTURE = 'llama_f32/model';
let model: Model;
beforeAll(async () => {
  model = await loadModel(fixture(FIXTURE), { threads: 1 });
});
afterAll(() => model.close());

describe('interventions', () => {
  const vector = Array.from({ length: 64 }, (_, i) => i);
  const good: Intervention = {
    hook: 'blocks.1.hook_resid_post',
    op: 'add',
    vector,
    positions: 'all',
  };
  const replace = (dims: number[], length: number, positions: Intervention['positions']) =>
    ({ op: 'replace', value: { dims, data: new Float32Array(length) }, positions }) as const;

  it.each<[string, object, ErrorCode, (string | RegExp)[]]>([
    ['a short vector', { vector: [1, 2] }, 'BAD_VECTOR', ['has 2 values', 'd_model 64']],
    ['NaN', { vector: vector.with(3, Number.NaN) }, 'BAD_VECTOR', ['not finite']],
    [
      'Infinity',
      { vector: Float32Array.from(vector).fill(Number.POSITIVE_INFINITY) },
      'BAD_VECTOR',
      ['not finite'],
    ],
    ['a scale of NaN', { scale: Number.NaN }, 'BAD_VECTOR', ['scale is not finite']],
    [
      'no direction',
      { op: 'project_out', vector: vector.map(() => 0) },
      'BAD_VECTOR',
      ['zero vector'],
    ],
    ['a position beyond', { positions: [3] }, 'BAD_ARGUMENT', ['Position 3', '3 tokens', '0 to 2']],
    ['a position before', { positions: [-4] }, 'BAD_ARGUMENT', ['Position -4']],
    ['half a position', { positions: [0.5] }, 'BAD_ARGUMENT', ['Position 0.5']],
    [
      'an unknown hook',
      { hook: 'blocks.1.resid_post' },
      'BAD_ARGUMENT',
      ['No hook point is called "blocks.1.resid_post"', 'blocks.{i}.hook_resid_post'],
    ],
    [
      'a layer too many',
      { hook: 'blocks.3.hook_resid_post' },
      'BAD_ARGUMENT',
      ['i from 0 to 2', 'blocks.3'],
    ],
    ['a row too many', { rows: [0, 1] }, 'BAD_ARGUMENT', ['no row 1', 'prompts 0 to 0']],
    [
      'a value of NaN',
      {
        op: 'replace',
        value: { dims: [64], data: new Float32Array(64).fill(Number.NaN) },
        positions: [0],
      },
      'BAD_VECTOR',
      ['not finite'],
    ],
    [
      'an attention pattern',
      { hook: 'blocks.1.attn.hook_pattern' },
      'BAD_ARGUMENT',
      ['blocks.1.attn.hook_pattern can only be captured', 'attn.hook_z'],
    ],
    [
      'a vector of d_model at the logits',
      { hook: 'logits' },
      'BAD_VECTOR',
      ['has 64 values', 'vocabulary of 260'],
    ],
    [
      'a vector of d_model at one head',
      { hook: 'blocks.1.attn.hook_z', heads: [1] },
      'BAD_VECTOR',
      ['has 64 values', 'head_dim 16'],
    ],
    [
      'a vector of three heads at two',
      { hook: 'blocks.1.attn.hook_z', heads: [1, 3], vector: vector.slice(0, 48) },
      'BAD_VECTOR',
      ['has 48 values', 'head_dim 16, or 32 for 2 heads'],
    ],
    [
      'a head without direction',
      {
        op: 'project_out',
        hook: 'blocks.1.attn.hook_z',
        vector: vector.map((x, i) => (i < 16 ? 0 : x)),
      },
      'BAD_VECTOR',
      ['zero vector'],
    ],
    [
      'a head too many',
      { hook: 'blocks.1.attn.hook_z', heads: [4] },
      'BAD_ARGUMENT',
      ['no head 4', 'heads 0 to 3'],
    ],
    [
      'a head twice',
      { hook: 'blocks.1.attn.hook_z', heads: [1, 1] },
      'BAD_ARGUMENT',
      ['named twice'],
    ],
    ['heads where there are none', { heads: [0] }, 'BAD_ARGUMENT', ['attn.hook_z only']],
    [
      'an unknown op',
      { op: 'multiply' },
      'BAD_ARGUMENT',
      ['no op "multiply"', 'project_out, scale'],
    ],
    ['no op', { op: undefined }, 'BAD_ARGUMENT', ['no op "undefined"']],
    ['an unknown position', { positions: 'first' }, 'BAD_ARGUMENT', ['last_prompt', '"first"']],
    ['no positions', { positions: undefined }, 'BAD_ARGUMENT', ['positions must be one of']],
    ['no vector', { vector: undefined }, 'BAD_VECTOR', ['has 0 values']],
    ['no value', { op: 'replace' }, 'BAD_ARGUMENT', ['the value has shape']],
    ['no factor', { op: 'scale' }, 'BAD_ARGUMENT', ['factor', 'undefined']],
    ['a factor of NaN', { op: 'scale', factor: Number.NaN }, 'BAD_ARGUMENT', ['factor', 'NaN']],
    ['a narrow value', replace([1, 32], 32, [0]), 'BAD_ARGUMENT', [/\[1, 32\]/, /\[n, 64\]/]],
    ['a value cut off', replace([2, 64], 64, [0, 1]), 'BAD_ARGUMENT', [/\[2, 64\]/]],
    [
      'two values for three positions',
      replace([2, 64], 128, [0, 1, 2]),
      'BAD_ARGUMENT',
      ['2 rows of values for 3 positions'],
    ],
  ])('%s', async (_, changes, code, parts) => {
    const interventions = [{ ...good, ...changes } as Intervention];
    await refuses(model.forward([[1, 2, 3]], { interventions }), code, ...parts);
    const generated = model.generate({ tokens: [[1, 2, 3]] }, { interventions, maxNewTokens: 2 });
    await refuses(generated, code, ...parts);
  });

  it('too strong to leave numbers', async () => {
    const strong = { ...good, scale: 1e38 } as Intervention;
    for (const sampling of [{}, { temperature: 1, topK: 5 }, { temperature: 1, topP: 0.5 }]) {
      const options = { ...sampling, interventions: [strong], maxNewTokens: 2 };
      await refuses(model.generate({ tokens: [[1]] }, options), 'ENGINE', 'too strong');
    }
  });
});

describe('prompts', () => {
  it.each([
    ['beyond the vocabulary', [1, 260], ['Prompt 1 has the token id 260', '0 to 259']],
    ['negative', [-1], ['token id -1']],
    ['not whole', [0.5], ['token id 0.5']],
    ['none', [], ['Prompt 1 has no tokens']],
  ])('a token id %s', async (_, ids, parts) => {
    await refuses(model.forward([[1], ids]), 'BAD_ARGUMENT', ...parts);
    await refuses(model.generate({ tokens: [[1], ids] }), 'BAD_ARGUMENT', ...parts);
  });

  it('an empty batch', async () => {
    await refuses(model.forward([]), 'BAD_ARGUMENT', 'at least one row');
  });

  it('an empty text', async () => {
    await refuses(model.generate({ text: '' }), 'BAD_ARGUMENT', 'Prompt 0 has no tokens');
  });

  it('a conversation where there is no chat template', async () => {
    const messages = [{ role: 'user', content: 'hello' }] as const;
    await refuses(model.generate({ messages }), 'BAD_ARGUMENT', 'template');
  });

  it('a hook that cannot be captured', async () => {
    await refuses(model.forward([[1]], { capture: ['nothing'] }), 'BAD_ARGUMENT', '"nothing"');
  });

  it.each<[string, object, string[]]>([
    ['a row does not have', { positions: [1] }, ['Position 1', '1 tokens']],
    ['before the row', { logits: [-2] }, ['Position -2', '1 tokens']],
    ['by a word that is none', { positions: 'first' }, ['"first"', 'all, last']],
    ['by another word that is none', { logits: 'none' }, ['"none"', 'all, last']],
  ])('positions %s', async (_, options, parts) => {
    const run = model.forward([[1, 2], [1]], { capture: ['hook_embed'], ...options });
    await refuses(run, 'BAD_ARGUMENT', ...parts);
  });
});

it.each<[string, GenerateOptions]>([
  ['n', { n: 0 }],
  ['maxNewTokens', { maxNewTokens: 0.5 }],
  ['maxBatch', { maxBatch: 0 }],
  ['temperature', { temperature: -1 }],
  ['top-p', { topP: 2 }],
  ['top-k', { topK: -1 }],
])('a wrong %s is refused', async (name, options) => {
  await refuses(model.generate({ tokens: [[1]] }, options), 'BAD_ARGUMENT', name, /got -?[\d.]+/);
});

it('an empty stop text is refused', async () => {
  const run = model.generate({ tokens: [[1]] }, { stop: ['a', ''] });
  await refuses(run, 'BAD_ARGUMENT', 'stop string is empty');
});

describe('adapters', () => {
  const use = (adapter: string) => model.forward([[1]], { adapter });
  const changed = (changes: Record<string, unknown>) => {
    const dir = copyOf('llama_f32/adapter');
    changeJson(join(dir, 'adapter_config.json'), changes);
    return use(dir);
  };
  const Q = 'base_model.model.model.layers.0.self_attn.q_proj';

  it('that are not there', async () => {
    await refuses(use('/there/is/no/such/folder'), 'NOT_FOUND', 'adapter_config.json');
  });

  it('of another model', async () => {
    const other = fixture('llama32_tied_llama3rope_bf16/adapter');
    await refuses(use(other), 'BAD_ADAPTER', 'llama32_tied_llama3rope_bf16', 'k_proj has A');
  });

  it.each([
    ['DoRA', { use_dora: true }],
    ['"bias": "all"', { bias: 'all' }],
    ['modules_to_save', { modules_to_save: ['lm_head'] }],
    ['rank_pattern', { rank_pattern: { q_proj: 2 } }],
    ['alpha_pattern', { alpha_pattern: { q_proj: 2 } }],
  ])('with %s', async (name, changes) => {
    await refuses(changed(changes), 'UNSUPPORTED', name, 'not supported');
  });

  it.each([
    ['of another kind', { peft_type: 'IA3' }, ['peft_type']],
    ['of no rank', { r: 0 }, ['at r']],
    ['of another rank than they say', { r: 8 }, ['rank 8 need', /\[8, 160\]/]],
  ])('%s', async (_, changes, parts) => {
    await refuses(changed(changes), 'BAD_ADAPTER', ...parts);
  });

  it.each<[string, (tensors: Map<string, unknown>) => void, string[]]>([
    ['without a half', (t) => t.delete(`${Q}.lora_B.weight`), ['no lora_B']],
    ['without the other half', (t) => t.delete(`${Q}.lora_A.weight`), ['not half of a LoRA pair']],
    ['with nothing', (t) => t.clear(), ['holds no LoRA weights']],
    [
      'for a layer that is not there',
      (t) => t.set(`${Q}_2.lora_A.weight`, { dims: [1], data: new Float32Array(1) }),
      ['no linear layer model.layers.0.self_attn.q_proj_2'],
    ],
  ])('%s', async (_, change, parts) => {
    const dir = copyOf('llama_f32/adapter');
    changeTensors(join(dir, 'adapter_model.safetensors'), 'f32', change);
    await refuses(use(dir), 'BAD_ADAPTER', ...parts);
  });
});

describe('checkpoints', () => {
  const load = async (change: (dir: string) => void) => {
    const dir = copyOf(FIXTURE);
    change(dir);
    const loaded = await loadModel(dir, { threads: 1 });
    await loaded.close();
  };
  const weights = (dir: string) => join(dir, 'model.safetensors');

  it('that are not there', async () => {
    await refuses(loadModel('/no/such/model'), 'NOT_FOUND', '/no/such/model', 'organism');
  });

  it('without config.json', async () => {
    const run = load((dir) => rmSync(join(dir, 'config.json')));
    await refuses(run, 'NOT_FOUND', 'config.json');
  });

  it('with a broken config.json', async () => {
    const run = load((dir) => writeFileSync(join(dir, 'config.json'), '{"model_type": '));
    await refuses(run, 'BAD_DATA', 'config.json is not valid JSON');
  });

  it('of an unknown architecture', async () => {
    const run = load((dir) => changeJson(join(dir, 'config.json'), { model_type: 'mamba' }));
    await refuses(run, 'UNSUPPORTED', '"mamba"', 'supported: llama');
  });

  it('without weights', async () => {
    await refuses(
      load((dir) => rmSync(weights(dir))),
      'NOT_FOUND',
      'model.safetensors',
    );
  });

  it('without one weight', async () => {
    const name = 'model.layers.1.mlp.up_proj.weight';
    const run = load((dir) => changeTensors(weights(dir), 'f32', (t) => t.delete(name)));
    await refuses(run, 'BAD_CHECKPOINT', `the weight ${name} is missing`);
  });

  it('with a weight of another shape', async () => {
    const run = load((dir) => changeJson(join(dir, 'config.json'), { intermediate_size: 128 }));
    await refuses(run, 'BAD_CHECKPOINT', 'gate_proj.weight', /\[160, 64\]/, /\[128, 64\]/);
  });

  it('cut off', async () => {
    const run = load((dir) => {
      truncateSync(weights(dir), readFileSync(weights(dir)).length - 1000);
    });
    await refuses(run, 'BAD_CHECKPOINT', 'truncated', '1000 bytes are missing');
  });

  it('with a shard cut off, or missing', async () => {
    const dir = copyOf('llama_sharded_biases_bf16/model');
    const shard = join(dir, 'model-00002-of-00002.safetensors');
    truncateSync(shard, readFileSync(shard).length - 7);
    await refuses(loadModel(dir), 'BAD_CHECKPOINT', 'model-00002', '7 bytes are missing');
    rmSync(shard);
    await refuses(loadModel(dir), 'BAD_CHECKPOINT', 'model-00002', 'missing');
  });

  it('of a precision that is not supported', async () => {
    const run = loadModel(fixture(FIXTURE), { dtype: 'int2' as 'f32' });
    await refuses(run, 'UNSUPPORTED', '"int2"');
  });
});

it('without a tokenizer there are tokens, but no texts', async () => {
  const dir = copyOf(FIXTURE);
  renameSync(join(dir, 'tokenizer.json'), join(dir, 'elsewhere.json'));
  const bare = await loadModel(dir, { threads: 1 });
  const texts: Prompts[] = [{ text: 'a' }, { messages: [{ role: 'user', content: 'a' }] }];
  for (const prompts of texts) {
    await refuses(bare.generate(prompts), 'BAD_ARGUMENT', 'no tokenizer.json', '{ tokens }');
  }
  await refuses(bare.generate({ tokens: [[1]] }, { stop: ['x'] }), 'BAD_ARGUMENT', 'tokenizer');
  const { samples } = await bare.generate({ tokens: [[1]] }, { maxNewTokens: 3, eosIds: [] });
  expect(samples[0]).toMatchObject({ text: '', finishReason: 'length' });
  expect(samples[0]!.tokens).toHaveLength(3);
  await bare.close();
});

it('after close nothing runs, and what was running ends', async () => {
  const closed = await loadModel(fixture(FIXTURE), { threads: 1 });
  await closed.forward([[1]]);
  const running = closed.generate({ tokens: [[1]] }, { maxNewTokens: 1000, eosIds: [] });
  const ended = refuses(running, 'ENGINE', 'closed');
  await closed.close();
  await ended;
  await refuses(closed.forward([[1]]), 'ENGINE', 'closed');
  await refuses(closed.generate({ tokens: [[1]] }), 'ENGINE', 'closed');
  await closed.close();
});
