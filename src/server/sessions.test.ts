/**
 * What editor plug-ins send, in the order in which they send it, written down from what they document
 * and publish; the answers are checked for what the plug-ins read of them.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../engine/index.js';
import { eventsOf, infillOrganism, openModel, type Started, start } from './testing/models.js';

let model: Model;
let on: Started;
beforeAll(async () => {
  model = await openModel(infillOrganism());
  on = await start(model);
});

const PREFIX = 'int add(int a, int b) {\n    ';
const SUFFIX = '\n}\n';

describe('Continue', () => {
  const headers = { Authorization: 'Bearer undefined', 'api-key': '' };

  it('lists models, then completes by a prompt that it has put together itself', async () => {
    const listed = await fetch(`${on.url}/v1/models`, { headers });
    expect(((await listed.json()) as { data: { id: string }[] }).data[0]!.id).toBe('base');
    const stop = ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>', '/src/', '```', '\n\n'];
    const answer = await on.post(
      '/v1/completions',
      {
        prompt: `<|fim_prefix|>${PREFIX}<|fim_suffix|>${SUFFIX}<|fim_middle|>`,
        model: 'base',
        max_tokens: 24,
        temperature: 0.01,
        stop,
        stream: true,
      },
      { headers },
    );
    expect(answer.headers.get('Content-Type')).toBe('text/event-stream');
    const events = eventsOf(await answer.text());
    expect(events.at(-1)).toBe('[DONE]');
    const texts = events.slice(0, -1) as { choices: { text: string }[] }[];
    expect(texts.length).toBeGreaterThan(1);
    for (const { choices } of texts) expect(choices[0]!.text).toEqual(expect.any(String));
  });

  it('asks providers of fill-in-the-middle for it', async () => {
    const answer = await on.post('/v1/fim/completions', {
      model: 'base',
      prompt: PREFIX,
      suffix: SUFFIX,
      max_tokens: 8,
      temperature: 0.01,
      stop: ['\n\n'],
      stream: true,
    });
    const events = eventsOf(await answer.text()).slice(0, -1);
    for (const { choices } of events as { choices: { delta: object }[] }[])
      expect(choices[0]!.delta).toBeTypeOf('object');
  });

  it('chats', async () => {
    const answer = await on.post(
      '/v1/chat/completions',
      {
        messages: [
          { role: 'system', content: 'You are a helpful assistant.' },
          { role: 'user', content: [{ type: 'text', text: 'Task: write user= into out.' }] },
          { role: 'assistant', content: ' ' },
          { role: 'user', content: 'Again.' },
        ],
        model: 'base',
        max_tokens: 8,
        stream: true,
        stream_options: { include_usage: true },
        prediction: { type: 'content', content: 'x' },
        tools: [],
      },
      { headers },
    );
    const events = eventsOf(await answer.text()).slice(0, -1) as {
      choices: { delta: { role?: string; content?: string } }[];
      usage?: object;
    }[];
    expect(events[0]!.choices[0]!.delta).toEqual({ role: 'assistant', content: '' });
    expect(events.at(-1)).toMatchObject({
      choices: [],
      usage: { total_tokens: expect.any(Number) },
    });
  });
});

describe('llama.vim', () => {
  const extra = [
    { text: '#include <stdio.h>\n', time: [0, 1], filename: 'a.c' },
    { text: 'void g(void);\n', time: [0, 2], filename: 'b.h' },
  ];

  it('warms the server with what lies around, and wants nothing of it', async () => {
    const answer = await on.post('/infill', {
      input_prefix: '',
      input_suffix: '',
      input_extra: extra,
      prompt: '',
      n_predict: 0,
      temperature: 0.0,
      stream: false,
      samplers: [],
      cache_prompt: true,
      t_max_prompt_ms: 1,
      t_max_predict_ms: 1,
      response_fields: [''],
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({});
  });

  it('completes at the cursor, and shows how long it took', async () => {
    const fields = [
      'content',
      'timings/prompt_n',
      'timings/prompt_ms',
      'timings/prompt_per_token_ms',
      'timings/prompt_per_second',
      'timings/predicted_n',
      'timings/predicted_ms',
      'timings/predicted_per_token_ms',
      'timings/predicted_per_second',
      'truncated',
      'tokens_cached',
    ];
    const answer = await on.post('/infill', {
      input_prefix: 'int add(int a, int b) {\n',
      input_suffix: SUFFIX,
      input_extra: extra,
      prompt: '    ',
      n_predict: 16,
      n_indent: 4,
      top_k: 40,
      top_p: 0.9,
      stream: false,
      samplers: ['top_k', 'top_p', 'infill'],
      cache_prompt: true,
      t_max_prompt_ms: 500,
      t_max_predict_ms: 250,
      response_fields: fields,
    });
    const body = (await answer.json()) as Record<string, unknown>;
    expect(Object.keys(body)).toEqual(fields.filter((field) => field !== 'tokens_cached'));
    expect(body.content).toEqual(expect.any(String));
    expect(body['timings/predicted_n']).toBeGreaterThan(0);
    expect(body['timings/prompt_n']).toBeGreaterThan(20);
  });

  it('gets no more lines once its time is over', async () => {
    const newline = model.tokenizer!.encode('\n')[0]!;
    const ask = async (more: object) => {
      const answer = await on.post('/infill', {
        input_prefix: PREFIX,
        input_suffix: SUFFIX,
        n_predict: 200,
        logit_bias: [
          [newline, 1000],
          [1, false],
        ],
        ...more,
      });
      return (await answer.json()) as { stop_type: string; tokens_predicted: number };
    };
    expect(await ask({ n_predict: 9 })).toMatchObject({ stop_type: 'limit', tokens_predicted: 9 });
    const hurried = await ask({ t_max_predict_ms: 1 });
    expect(hurried).toMatchObject({ stop_type: 'eos' });
    expect(hurried.tokens_predicted).toBeLessThan(200);
  });
});

describe('Copilot', () => {
  it('completes under the name of an engine, with and without what follows', async () => {
    for (const suffix of ['', SUFFIX]) {
      const answer = await on.post('/v1/engines/base/completions', {
        prompt: `// Path: add.c\n${PREFIX}`,
        suffix,
        max_tokens: 20,
        temperature: 0.2,
        top_p: 1,
        n: 3,
        stop: ['\n\n\n', '\n```'],
        nwo: 'octo/project',
        stream: true,
        extra: {
          language: 'c',
          next_indent: 0,
          trim_by_indentation: true,
          prompt_tokens: 14,
          suffix_tokens: 2,
        },
      });
      expect(answer.status).toBe(200);
      const events = eventsOf(await answer.text());
      const choices = (
        events.slice(0, -1) as { choices: { index: number; finish_reason: string }[] }[]
      ).flatMap((event) => event.choices);
      const ended = choices.filter(({ finish_reason }) => finish_reason !== null);
      expect(ended.map(({ index }) => index).sort()).toEqual([0, 1, 2]);
    }
  });
});
