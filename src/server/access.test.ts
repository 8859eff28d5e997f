import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../engine/index.js';
import { type VectorFile, writeVector } from '../steer/index.js';
import { type LogEntry, startServer } from './index.js';
import { eventsOf, openModel, RAW, repairVector, type Started, start } from './testing/models.js';

let model: Model;
let vector: VectorFile;
let on: Started;
beforeAll(async () => {
  model = await openModel();
  vector = await repairVector(model);
  on = await start(model);
});

const asked = { model: 'base', prompt: RAW, temperature: 0, max_tokens: 4 };
/** Goes on until its limit: the end of the sequence is forbidden. */
const endless = { ...asked, max_tokens: 400, logit_bias: { 1: -100 } };
const errorOf = async (answer: Response) => {
  const { error } = (await answer.json()) as { error: Record<'message' | 'param', unknown> };
  return { status: answer.status, ...error };
};
/** Waits for something that comes about on its own. */
const until = async (condition: () => Promise<boolean> | boolean) => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
};
const gauge = async ({ url }: Started, name: string, init: RequestInit = {}) => {
  const text = await (await fetch(`${url}/metrics`, init)).text();
  return Number(new RegExp(`^suture_${name} (.*)$`, 'm').exec(text)![1]);
};

describe('what is wrong with a request is told as OpenAI tells it', () => {
  it.each([
    ['no JSON', '{"model": ', 400, 'invalid_json'],
    ['no object', '[1]', 400, 'invalid_json'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400, 'invalid_json'],
    ['JSON of great depth', '['.repeat(400_000) + ']'.repeat(400_000), 400, 'invalid_json'],
    [
      'an object of great depth',
      `${'{"a":'.repeat(99_000)}1${'}'.repeat(99_000)}`,
      400,
      'invalid_value',
    ],
    ['no model', { prompt: 'a' }, 400, 'invalid_value'],
    ['a model that is none', { ...asked, model: 'gpt-4' }, 404, 'model_not_found'],
    ['a vector that is none', { ...asked, model: 'base+x' }, 404, 'model_not_found'],
    ['a wrong type', { ...asked, temperature: 'hot' }, 400, 'invalid_value'],
    ['a number out of range', { ...asked, top_p: 0 }, 400, 'invalid_value'],
    ['an empty stop text', { ...asked, stop: [''] }, 400, 'bad_argument'],
    ['a token that is none', { ...asked, prompt: [99_999] }, 400, 'bad_argument'],
    ['an empty prompt', { ...asked, prompt: '' }, 400, 'bad_argument'],
    [
      'a bias for a token that is none',
      { ...asked, logit_bias: { 99999: 1 } },
      400,
      'bad_argument',
    ],
    [
      'a prompt that is too long',
      { ...asked, prompt: 'x = 1\n'.repeat(400) },
      400,
      'context_length_exceeded',
    ],
    [
      'more completions than ever fit',
      { ...asked, prompt: Array(64).fill('a'), n: 2 },
      400,
      'invalid_value',
    ],
    ['tools', { ...asked, tools: [{ type: 'function' }] }, 400, 'unsupported_parameter'],
    [
      'a format',
      { ...asked, response_format: { type: 'json_object' } },
      400,
      'unsupported_parameter',
    ],
    ['the best of many', { ...asked, best_of: 3 }, 400, 'unsupported_parameter'],
  ])('%s', async (_, body, status, code) => {
    const error = await errorOf(await on.post('/v1/completions', body));
    expect(error).toMatchObject({ status, code, type: 'invalid_request_error' });
    expect(error.message).toEqual(expect.any(String));
  });

  it('images and roles of tools', async () => {
    const image = [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }];
    for (const message of [
      { role: 'user', content: image },
      { role: 'tool', content: 'x' },
    ]) {
      const body = { model: 'base', messages: [message] };
      const error = await errorOf(await on.post('/v1/chat/completions', body));
      expect(error).toMatchObject({ status: 400, code: 'invalid_value' });
      expect(error.param).toMatch(/^messages\.0/);
    }
  });

  it('paths that are not there, bodies that are no JSON by their own word', async () => {
    expect(await errorOf(await fetch(`${on.url}/v1/files`))).toMatchObject({ status: 404 });
    expect(await errorOf(await fetch(`${on.url}/../../etc/passwd`))).toMatchObject({ status: 404 });
    const form = await on.post('/v1/completions', asked, {
      headers: { 'Content-Type': 'text/plain' },
    });
    expect(await errorOf(form)).toMatchObject({ status: 415 });
  });

  it('whatever it is: never a fault of ours', async () => {
    const values = fc.anything({ maxDepth: 2 });
    const fields = ['model', 'prompt', 'messages', 'stop', 'n', 'steering', 'scan', 'logit_bias'];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('/v1/completions', '/v1/chat/completions', '/v1/embeddings', '/infill'),
        fc.constantFrom(...fields),
        values,
        async (path, field, value) => {
          const messages = [{ role: 'user', content: 'a' }];
          const body = { model: 'base', prompt: 'a', messages, input: 'a', max_tokens: 1 };
          const answer = await on.post(path, { ...body, [field]: value });
          await answer.text();
          expect(answer.status).toBeLessThan(500);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('limits', () => {
  it('a body that is too large is not read', async () => {
    // Refused by its length, before it is sent.
    const { hostname, port } = new URL(on.url);
    const socket = connect(Number(port), hostname);
    const head =
      'POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json';
    socket.write(`${head}\r\nContent-Length: 100000000\r\n\r\n{`);
    const [told] = await once(socket, 'data');
    expect(String(told)).toMatch(/^HTTP\/1.1 413/);
    socket.destroy();
    // Refused on the way, where its length is not told.
    const chunked = connect(Number(port), hostname);
    chunked.on('error', () => {}); // it is closed while we send
    chunked.write(`${head}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const part = `100000\r\n${' '.repeat(0x100000)}\r\n`;
    for (let i = 0; i < 100 && !chunked.destroyed; i++) chunked.write(part);
    const [refused] = await once(chunked, 'data');
    expect(String(refused)).toMatch(/^HTTP\/1.1 413/);
    chunked.destroy();
    const small = await start(model, { maxBody: 100 });
    const just = { model: 'base', prompt: 'a'.repeat(100) };
    expect(await errorOf(await small.post('/v1/completions', just))).toMatchObject({
      status: 413,
      code: 'body_too_large',
    });
    expect((await fetch(`${on.url}/health`)).status).toBe(200);
  });

  it('more tokens than allowed are cut, and it is said', async () => {
    const short = await start(model, { maxTokens: 3 });
    const { choices, usage } = await short.client.completions.create({ ...asked, max_tokens: 99 });
    expect(choices[0]!.finish_reason).toBe('length');
    expect(usage!.completion_tokens).toBe(3);
  });

  it('when too many wait, the next is sent away and told when to come back', async () => {
    const narrow = await start(model, { maxRows: 1, maxQueue: 1 });
    const first = narrow.post('/v1/completions', endless);
    const second = narrow.post('/v1/completions', asked);
    await until(async () => (await gauge(narrow, 'rows_waiting')) === 1);
    const third = await narrow.post('/v1/completions', asked);
    expect(Number(third.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(await errorOf(third)).toMatchObject({
      status: 429,
      code: 'queue_full',
      type: 'rate_limit_error',
    });
    expect((await first).status).toBe(200);
    expect((await second).status).toBe(200);
    expect((await narrow.post('/v1/completions', asked)).status).toBe(200);
  });

  it('hundreds at once: each is answered or sent away', async () => {
    const narrow = await start(model, { maxRows: 4, maxQueue: 4 });
    const body = { ...asked, max_tokens: 1 };
    const ask = async () => {
      const answer = await narrow.post('/v1/completions', body);
      await answer.text();
      return answer.status;
    };
    const seen = new Set(await Promise.all(Array.from({ length: 500 }, ask)));
    expect([...seen].sort()).toEqual([200, 429]);
    expect(await ask()).toBe(200);
  });

  it('what takes too long ends, before or amid the answer', async () => {
    const hasty = await start(model, { timeout: 1, maxRows: 1 });
    const slow = hasty.post('/v1/completions', { ...endless, n: 16, stream: true });
    const events = slow.then(async (answer) => eventsOf(await answer.text()));
    expect(await errorOf(await hasty.post('/v1/completions', endless))).toMatchObject({
      status: 504,
      code: 'timeout',
    });
    expect((await events).at(-1)).toMatchObject({ error: { code: 'timeout' } });
  });
});

describe('clients', () => {
  it('that leave free their place at once', async () => {
    for (const stream of [true, false]) {
      const controller = new AbortController();
      const body = { ...endless, n: 3, stream };
      const leaving = on
        .post('/v1/completions', body, { signal: controller.signal })
        .then((answer) => answer.text());
      await until(async () => (await gauge(on, 'rows_active')) === 3);
      controller.abort();
      await expect(leaving).rejects.toThrow();
      await until(async () => (await gauge(on, 'rows_active')) === 0);
    }
  });

  it('that read slowly hold nobody up', async () => {
    const { hostname, port } = new URL(on.url);
    const socket = connect(Number(port), hostname);
    const body = JSON.stringify({ ...endless, stream: true, logprobs: 20 });
    socket.write(
      `POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
    socket.pause();
    expect((await on.post('/v1/completions', asked)).status).toBe(200);
    await until(async () => (await gauge(on, 'rows_active')) === 0);
    let read = '';
    socket.on('data', (data) => {
      read += data;
    });
    socket.resume();
    await once(socket, 'close');
    expect(read).toContain('"finish_reason":"length"');
    expect(read).toContain('data: [DONE]');
  });

  it('cannot break out of an event', async () => {
    const body = {
      ...asked,
      stream: true,
      echo: true,
      prompt: 'a\n\ndata: {"x": 1}\r\n\r\nevent: y',
    };
    const text = await (await on.post('/v1/completions', body)).text();
    for (const line of text.split(/\n+/)) expect(line).toMatch(/^(data: (\{.*\}|\[DONE\]))?$/);
    expect(eventsOf(text)[0]).toMatchObject({ choices: [{ text: body.prompt }] });
  });

  it('of other names than this machine has are not answered', async () => {
    const { hostname, port } = new URL(on.url);
    const socket = connect(Number(port), hostname);
    socket.write('GET /v1/models HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
    let read = '';
    socket.on('data', (data) => {
      read += data;
    });
    await once(socket, 'close');
    expect(read).toMatch(/^HTTP\/1.1 403/);
  });
});

describe('keys', () => {
  it('are asked for where there are some', async () => {
    const guarded = await start(model, { apiKeys: ['one', 'two'] });
    expect((await guarded.client.models.list()).data).toHaveLength(1);
    const two = { headers: { 'api-key': 'two' } };
    expect((await guarded.post('/v1/completions', asked, two)).status).toBe(200);
    for (const headers of [{}, { Authorization: 'Bearer three' }, { Authorization: 'one' }]) {
      for (const path of ['/v1/completions', '/v1/embeddings', '/infill']) {
        const error = await errorOf(await guarded.post(path, asked, { headers }));
        expect(error).toMatchObject({ status: 401, type: 'authentication_error' });
      }
    }
    expect((await fetch(`${guarded.url}/metrics`)).status).toBe(401);
    expect((await fetch(`${guarded.url}/health`)).status).toBe(200);
  });

  it('are needed where others can reach the server', async () => {
    await expect(startServer(model, { host: '0.0.0.0', port: 0 })).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
      message: expect.stringContaining('SUTURE_API_KEY'),
    });
    const open = await startServer(model, { host: '0.0.0.0', port: 0, apiKeys: ['k'] });
    await open.close();
    const { port } = new URL(on.url);
    await expect(startServer(model, { port: Number(port) })).rejects.toMatchObject({
      message: expect.stringContaining('the port is taken'),
    });
  });
});

describe('vectors', () => {
  it('come and go while the model answers, by those who may', async () => {
    const admin = await start(model, { adminKey: 'secret', apiKeys: ['user'] });
    const path = join(tmpdir(), `suture-${process.pid}.safetensors`);
    writeVector(path, vector);
    const bytes = readFileSync(path);
    const call = (method: string, key: string, name = '', body?: Uint8Array) =>
      fetch(`${admin.url}/admin/vectors${name}`, {
        method,
        headers: { Authorization: `Bearer ${key}` },
        ...(body && { body }),
      });
    expect((await call('PUT', 'user', '/cwe-787', bytes)).status).toBe(401);
    const running = admin.client.completions.create({ ...endless, max_tokens: 60 });
    expect(await (await call('PUT', 'secret', '/cwe-787', bytes)).json()).toMatchObject({
      name: 'cwe-787',
      layers: [5],
      strength: 0.5,
    });
    const { choices } = await admin.client.completions.create({
      ...asked,
      model: 'base+cwe-787',
      max_tokens: 40,
    });
    expect(choices[0]!.text).toMatch(/^snprintf/);
    expect(((await (await call('GET', 'secret')).json()) as { data: unknown[] }).data).toHaveLength(
      1,
    );
    expect((await call('DELETE', 'secret', '/cwe-787')).status).toBe(204);
    expect((await call('DELETE', 'secret', '/cwe-787')).status).toBe(404);
    expect((await running).usage!.completion_tokens).toBe(60);
    expect((await admin.client.models.list()).data).toHaveLength(1);
    for (const [name, body] of [
      ['/x', Buffer.from('no vector')],
      ['/x', bytes.subarray(0, bytes.length - 8)],
      ['/auto', bytes],
      ['/..%2f..%2fetc', bytes],
    ] as const) {
      const answer = await call('PUT', 'secret', name, body);
      expect(answer.status).toBe(400);
    }
  });

  it('are nobody to change without an admin key', async () => {
    const answer = await fetch(`${on.url}/admin/vectors`);
    expect(await errorOf(answer)).toMatchObject({ status: 403, code: 'admin_disabled' });
  });

  it('of another model are refused', async () => {
    const other = { ...vector, metadata: { ...vector.metadata, model_hash: 'other' } };
    await expect(startServer(model, { port: 0, vectors: { x: other } })).rejects.toMatchObject({
      code: 'BAD_VECTOR',
    });
    await (await startServer(model, { port: 0, vectors: { x: other }, force: true })).close();
  });
});

describe('the end', () => {
  it('waits for those who are being served, and lets nobody else in', async () => {
    const ending = await start(model);
    const body = { ...endless, max_tokens: 50, stream: true };
    const answer = await ending.post('/v1/completions', body);
    const closed = ending.server.close();
    const events = eventsOf(await answer.text());
    expect(events.at(-1)).toBe('[DONE]');
    await closed;
    await expect(fetch(`${ending.url}/health`)).rejects.toThrow();
  });

  it('comes for all when their time is over', async () => {
    const ending = await start(model);
    const answer = await ending.post('/v1/completions', { ...endless, stream: true });
    const [text] = await Promise.all([answer.text(), ending.server.close(10)]);
    expect(eventsOf(text).at(-1)).toMatchObject({ error: { code: 'shutting_down' } });
  });
});

describe('what is known of requests', () => {
  it('is counted', async () => {
    const counted = await start(model);
    await counted.client.completions.create(asked);
    await counted.post('/v1/nothing', {});
    const text = await (await fetch(`${counted.url}/metrics`)).text();
    expect(text).toContain('suture_requests_total{path="/v1/completions",status="200"} 1');
    expect(text).toContain('suture_requests_total{path="other",status="404"} 1');
    expect(text).toContain('suture_tokens_total{kind="completion"} 4');
    expect(text).toMatch(/^suture_first_text_seconds_count 1$/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
  });

  it('is logged, and no prompt with it unless asked', async () => {
    const quiet: LogEntry[] = [];
    const open: LogEntry[] = [];
    const one = await start(model, { log: (entry) => quiet.push(entry) });
    const two = await start(model, { log: (entry) => open.push(entry), logPrompts: true });
    await one.client.completions.create(asked);
    await one.client.completions.create({ ...asked, model: 'nope' }).catch(() => {});
    await two.client.completions.create(asked);
    await until(() => quiet.length === 2 && open.length === 1);
    expect(quiet[0]).toMatchObject({
      method: 'POST',
      path: '/v1/completions',
      status: 200,
      model: 'base',
      completion_tokens: 4,
    });
    expect(quiet[1]).toMatchObject({ status: 404, error: 'model_not_found' });
    expect(JSON.stringify(quiet)).not.toContain('put_user');
    expect(open[0]).toMatchObject({ prompts: [RAW], completions: [expect.any(String)] });
  });
});
