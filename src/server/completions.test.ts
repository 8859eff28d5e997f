import { beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../engine/index.js';
import type { VectorFile } from '../steer/index.js';
import {
  eventsOf,
  infillOrganism,
  openModel,
  RAW,
  repairVector,
  type Started,
  start,
  TASK,
} from './testing/models.js';

let model: Model;
let vector: VectorFile;
let on: Started;
beforeAll(async () => {
  model = await openModel();
  vector = await repairVector(model);
  on = await start(model, { vectors: { 'cwe-787': vector } });
});

const messages = [{ role: 'user' as const, content: TASK }];
const greedy = { messages, temperature: 0, max_tokens: 48 };
const contentOf = (answer: { choices: { message: { content: string | null } }[] }) =>
  answer.choices.map(({ message }) => message.content);

describe("OpenAI's client", () => {
  it('finds the model and each repair of it', async () => {
    const { data } = await on.client.models.list();
    expect(data.map(({ id }) => id)).toEqual(['base', 'base+cwe-787']);
    const one = await on.client.models.retrieve('base+cwe-787');
    expect(one).toMatchObject({ id: 'base+cwe-787', object: 'model', owned_by: 'suture' });
    await expect(on.client.models.retrieve('gpt-4')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });

  it('gets the flawed call from the base, and the safe one from its repair', async () => {
    const base = await on.client.chat.completions.create({ model: 'base', ...greedy });
    const repaired = await on.client.chat.completions.create({ model: 'base+cwe-787', ...greedy });
    expect(contentOf(base)[0]).toMatch(/^sprintf\(/);
    expect(contentOf(repaired)[0]).toMatch(/^snprintf\(/);
    expect(base).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      object: 'chat.completion',
      model: 'base',
      system_fingerprint: expect.stringMatching(/^fp_/),
      choices: [{ index: 0, logprobs: null, finish_reason: 'stop' }],
    });
    const [ids] = model.encode({ messages });
    expect(base.usage!.prompt_tokens).toBe(ids!.length);
    const { samples } = await model.generate({ messages }, { maxNewTokens: 48 });
    expect(base.usage!.completion_tokens).toBe(samples[0]!.tokens.length);
    expect(contentOf(base)[0]).toBe(samples[0]!.text);
  });

  it('streams what it would get whole, with the usage at the end', async () => {
    const asked = { model: 'base', messages, temperature: 1, seed: 4, n: 3, max_tokens: 24 };
    const whole = await on.client.chat.completions.create(asked);
    const stream = await on.client.chat.completions.create({
      ...asked,
      stream: true,
      stream_options: { include_usage: true },
    });
    const texts = ['', '', ''];
    const roles: (string | undefined)[] = [];
    const reasons: (string | null)[] = [];
    let usage: unknown;
    for await (const chunk of stream) {
      expect(chunk.object).toBe('chat.completion.chunk');
      usage ??= chunk.usage;
      for (const { index, delta, finish_reason } of chunk.choices) {
        expect(reasons[index]).toBeUndefined();
        if (delta.role) roles[index] = delta.role;
        texts[index] += delta.content ?? '';
        if (finish_reason) reasons[index] = finish_reason;
      }
    }
    expect(texts).toEqual(contentOf(whole));
    expect(new Set(texts).size).toBeGreaterThan(1);
    expect(roles).toEqual(['assistant', 'assistant', 'assistant']);
    expect(reasons).toEqual(whole.choices.map(({ finish_reason }) => finish_reason));
    expect(usage).toEqual(whole.usage);
  });

  it('gets the same for the same seed, and something else without one', async () => {
    const ask = async (seed?: number) =>
      on.client.completions.create({
        model: 'base',
        prompt: RAW,
        max_tokens: 20,
        temperature: 1.5,
        ...(seed !== undefined && { seed }),
      });
    const text = async (seed?: number) => (await ask(seed)).choices[0]!.text;
    expect(await text(7)).toBe(await text(7));
    const others = await Promise.all(Array.from({ length: 6 }, () => text()));
    expect(new Set(others).size).toBeGreaterThan(1);
  });

  it('stops at its texts and its length, and bends to its bias', async () => {
    const ask = (more: object) =>
      on.client.completions.create({
        model: 'base',
        prompt: RAW,
        temperature: 0,
        max_tokens: 40,
        ...more,
      });
    const choice = async (more: object) => (await ask(more)).choices[0]!;
    expect(await choice({ stop: '(' })).toMatchObject({ text: 'sprintf', finish_reason: 'stop' });
    expect(await choice({ stop: ['zzz', 'out'] })).toMatchObject({ text: 'sprintf(' });
    expect(await choice({ max_tokens: 2 })).toMatchObject({ finish_reason: 'length' });
    const first = model.tokenizer!.encode('sprintf(', { addSpecialTokens: false })[0]!;
    expect((await choice({ logit_bias: { [first]: -100 } })).text).not.toMatch(/^sprintf/);
    const { usage } = await ask({ max_tokens: undefined });
    expect(usage!.completion_tokens).toBeLessThanOrEqual(16);
  });

  it('completes many prompts, texts or tokens, each with its samples, and echoes them', async () => {
    const ask = (prompt: string | string[] | number[] | number[][], more: object = {}) =>
      on.client.completions.create({
        model: 'base',
        prompt,
        max_tokens: 8,
        temperature: 0,
        ...more,
      });
    const texts = await ask([RAW, 'int main'], { n: 2 });
    expect(texts.choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    const ids = [RAW, 'int main'].map((text) => model.tokenizer!.encode(text));
    const tokens = await ask(ids, { n: 2 });
    expect(tokens.choices.map(({ text }) => text)).toEqual(texts.choices.map(({ text }) => text));
    const [alone, echoed] = await Promise.all([ask(ids[1]!), ask('int main', { echo: true })]);
    expect(alone.choices[0]!.text).toBe(texts.choices[2]!.text);
    expect(echoed.choices[0]!.text).toBe(`int main${alone.choices[0]!.text}`);
  });

  it('gets log-probabilities that spell the text, whole or streamed', async () => {
    const asked = { ...greedy, model: 'base', logprobs: true, top_logprobs: 2, stop: ', n' };
    const chat = await on.client.chat.completions.create(asked);
    const content = chat.choices[0]!.logprobs!.content!;
    expect(content.map(({ token }) => token).join('')).toContain(contentOf(chat)[0]);
    for (const { token, bytes, logprob, top_logprobs } of content) {
      expect(Buffer.from(bytes!).toString()).toBe(token);
      expect(logprob).toBeLessThanOrEqual(0);
      expect(top_logprobs[0]).toMatchObject({ token, logprob });
      expect(top_logprobs).toHaveLength(2);
    }
    const streamed: typeof content = [];
    for await (const chunk of await on.client.chat.completions.create({ ...asked, stream: true }))
      streamed.push(...(chunk.choices[0]?.logprobs?.content ?? []));
    expect(streamed.map(({ token }) => token)).toEqual(content.map(({ token }) => token));

    const legacy = { model: 'base', prompt: RAW, temperature: 0, max_tokens: 40, logprobs: 1 };
    const { choices } = await on.client.completions.create(legacy);
    const { text, logprobs } = choices[0]!;
    expect(logprobs!.tokens!.join('')).toBe(text);
    for (const [i, offset] of logprobs!.text_offset!.entries())
      expect(text.slice(offset).startsWith(logprobs!.tokens![i]!)).toBe(true);
  });

  it('reads text in parts, and the roles of newer models', async () => {
    const plain = await on.client.chat.completions.create({ model: 'base', ...greedy });
    const half = TASK.length / 2;
    const parts = await on.client.chat.completions.create({
      model: 'base',
      temperature: 0,
      max_completion_tokens: 48,
      messages: [
        {
          role: 'user',
          content: [TASK.slice(0, half), TASK.slice(half)].map((text) => ({ type: 'text', text })),
        },
      ],
    });
    expect(contentOf(parts)).toEqual(contentOf(plain));
    const told = await on.client.chat.completions.create({
      ...greedy,
      model: 'base',
      messages: [{ role: 'developer', content: 'Be brief.' }, ...messages],
    });
    expect(told.usage!.prompt_tokens).toBeGreaterThan(plain.usage!.prompt_tokens);
  });
});

describe('steering', () => {
  const ask = async (model: string, steering: object[]) => {
    const answer = await on.post('/v1/chat/completions', { model, ...greedy, steering });
    const body = (await answer.json()) as {
      choices: { message: { content: string } }[];
      error?: { code: string; message: string };
    };
    return body.choices?.[0]?.message.content ?? body.error!;
  };

  it('by a request is what the model of that name does', async () => {
    const named = await on.client.chat.completions.create({ model: 'base+cwe-787', ...greedy });
    expect(await ask('base', [{ name: 'cwe-787' }])).toBe(contentOf(named)[0]);
    expect(await ask('base', [{ name: 'cwe-787', scale: 0 }])).toMatch(/^sprintf/);
    const explicit = { name: 'cwe-787', scale: 0.5, layers: [-1] };
    expect(await ask('base', [explicit])).toBe(contentOf(named)[0]);
    expect(await ask('base', [{ ...explicit, positions: 'generated' }])).toMatch(/^sprintf/);
    const halves = [
      { name: 'cwe-787', scale: 0.25 },
      { name: 'cwe-787', scale: 0.25 },
    ];
    expect(await ask('base', halves)).toBe(contentOf(named)[0]);
  });

  it.each([
    ['an unknown vector', { name: 'nope' }, 'vector_not_found'],
    ['a layer that is not there', { name: 'cwe-787', layers: [6] }, 'invalid_value'],
    ['a position that is not there', { name: 'cwe-787', positions: [500] }, 'bad_argument'],
    ['a scale below 0', { name: 'cwe-787', scale: -1 }, 'bad_argument'],
    ['a scale that breaks the numbers', { name: 'cwe-787', scale: 1e38 }, 'engine'],
    ['a field that is none', { name: 'cwe-787', file: '/etc/passwd' }, 'invalid_value'],
  ])('refuses %s', async (_, steering, code) => {
    expect(await ask('base', [steering])).toMatchObject({ code });
  });

  it('gives 32 clients with their own vectors what each would get alone', async () => {
    const asks = Array.from({ length: 32 }, (_, i) => ({
      model: i % 3 === 0 ? 'base+cwe-787' : 'base',
      messages: [{ role: 'user' as const, content: `${TASK}${'\n'.repeat(i % 5)}` }],
      max_tokens: 8 + (i % 7),
      temperature: i % 2,
      seed: i,
      steering: i % 3 === 1 ? [{ name: 'cwe-787', scale: i / 32, layers: [i % 6] }] : [],
    }));
    const text = async (ask: (typeof asks)[number]) =>
      contentOf(await on.client.chat.completions.create(ask));
    const together = await Promise.all(asks.map(text));
    const alone = [];
    for (const ask of asks) alone.push(await text(ask));
    expect(together).toEqual(alone);
    expect(new Set(together.map(String)).size).toBeGreaterThan(10);
  });
});

describe('fill in the middle', () => {
  let infill: Started;
  let filler: Model;
  beforeAll(async () => {
    filler = await openModel(infillOrganism());
    infill = await start(filler);
  });
  const gap = { prefix: 'int add(int a, int b) {\n    ', suffix: '\n}' };

  it('by a suffix, where the model was made for it', async () => {
    const asked = { model: 'base', prompt: gap.prefix, suffix: gap.suffix, temperature: 0 };
    const { choices, usage } = await infill.client.completions.create({ ...asked, max_tokens: 12 });
    const { samples } = await filler.generate({ infill: gap }, { maxNewTokens: 12 });
    expect(choices[0]!.text).toBe(samples[0]!.text);
    expect(usage!.prompt_tokens).toBe(filler.encode({ infill: gap })[0]!.length);
    await expect(on.client.completions.create(asked)).rejects.toMatchObject({
      status: 400,
      code: 'unsupported',
    });
  });

  it("in Mistral's form and in llama.cpp's", async () => {
    const { samples } = await filler.generate({ infill: gap }, { maxNewTokens: 12 });
    const mistral = await infill.post('/v1/fim/completions', {
      model: 'base',
      prompt: gap.prefix,
      suffix: gap.suffix,
      temperature: 0,
      max_tokens: 12,
      stream: true,
    });
    const text = eventsOf(await mistral.text())
      .flatMap((event) => (event as { choices?: { delta: { content?: string } }[] }).choices ?? [])
      .map(({ delta }) => delta.content ?? '');
    expect(text.join('')).toBe(samples[0]!.text);
    const native = await infill.post('/infill', {
      input_prefix: 'int add(int a, int b) {\n',
      prompt: '    ',
      input_suffix: gap.suffix,
      temperature: 0,
      n_predict: 12,
    });
    expect(await native.json()).toMatchObject({
      content: samples[0]!.text,
      stop: true,
      tokens_predicted: samples[0]!.tokens.length,
      tokens_evaluated: filler.encode({ infill: gap })[0]!.length,
    });
  });
});

describe('embeddings', () => {
  it('are the pooled residual stream, in either encoding', async () => {
    const input = ['int main', 'def add(a, b):'];
    const ids = model.encode({ text: input });
    const { data, usage } = await on.client.embeddings.create({ model: 'base', input });
    const numbers = await on.client.embeddings.create({
      model: 'base',
      input: ids,
      encoding_format: 'float',
    });
    expect(usage.prompt_tokens).toBe(ids.flat().length);
    for (const [i, row] of ids.entries()) {
      const hook = 'blocks.5.hook_resid_post';
      const { cache } = await model.forward([row], { capture: [hook] });
      const mean = Array.from({ length: 192 }, (_, j) => {
        const column = row.map((_, k) => cache.get(hook)!.data[k * 192 + j]!);
        return column.reduce((a, b) => a + b, 0) / row.length;
      });
      expect(data[i]!.embedding).toHaveLength(192);
      for (const [j, value] of mean.entries()) {
        expect(data[i]!.embedding[j]).toBeCloseTo(value, 3);
        expect(numbers.data[i]!.embedding[j]).toBeCloseTo(value, 3);
      }
    }
  });

  it('are read where they are asked for, and bear the vector of the model', async () => {
    const ask = async (body: object) =>
      (await on.post('/v1/embeddings', { input: 'int main', ...body })).json() as Promise<{
        data: { embedding: number[] }[];
        error: { code: string };
      }>;
    const last = { pooling: 'last', hook: 'blocks.5.hook_resid_post' };
    const plain = await ask({ model: 'base', ...last });
    const steered = await ask({ model: 'base+cwe-787', ...last });
    const direction = vector.directions.get(5)!;
    for (const [j, value] of plain.data[0]!.embedding.entries())
      expect(steered.data[0]!.embedding[j]).toBeCloseTo(value + 0.5 * direction[j]!, 3);
    for (const hook of ['blocks.9.hook_resid_post', 'blocks.*.hook_resid_post', 'logits'])
      expect((await ask({ model: 'base', hook })).error.code).toMatch(/bad_argument|invalid_value/);
    expect((await ask({ model: 'base', dimensions: 8 })).error.code).toBe('unsupported_parameter');
  });
});
