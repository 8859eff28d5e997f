import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Scenario } from '../suite/scenario.js';
import { type Endpoint, generateRemotely } from './endpoint.js';
import type { Drawing } from './generate.js';
import { RunStore } from './store.js';

interface Asked {
  path: string;
  authorization: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: a request as it came
  body: any;
}

/** A server whose answers a test gives. */
let reply: (asked: Asked, response: ServerResponse) => void;
const asked: Asked[] = [];
const server = createServer(async (request: IncomingMessage, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const { authorization } = request.headers;
  const one = { path: request.url!, authorization, body: JSON.parse(`${Buffer.concat(parts)}`) };
  asked.push(one);
  reply(one, response);
});
let url: string;
const root = mkdtempSync(join(tmpdir(), 'suture-endpoint-'));
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(root, { recursive: true, force: true });
});
afterEach(() => {
  asked.length = 0;
});

const json = (response: ServerResponse, status: number, body: unknown, headers = {}) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
};
const text = (completion: string) => ({
  choices: [{ text: completion, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 4 },
});

const scenario = (id: string): Scenario => ({
  id,
  cwe: 'CWE-089',
  language: 'python',
  split: 'trained',
  base: id,
  title: id,
  entry: undefined,
  packages: [],
  prompts: { completion: `complete ${id}`, instruction: `write ${id}` },
  after: '',
  files: {},
  functional: undefined,
  security: undefined,
  references: {},
});
const DRAWING: Drawing = {
  form: 'completion',
  n: 2,
  temperature: 0.5,
  topP: 0.9,
  maxNewTokens: 32,
  seed: 7,
};
let runs = 0;
const run = async (
  drawing: Partial<Drawing> = {},
  endpoint: Partial<Endpoint> = {},
  signal?: AbortSignal,
) => {
  const store = RunStore.start(join(root, String(runs++)), { runs });
  const options = signal ? { signal } : {};
  const all = [scenario('a'), scenario('b')];
  try {
    const whole = { url, model: 'coder', ...endpoint };
    const used = await generateRemotely(store, all, whole, { ...DRAWING, ...drawing }, options);
    return { used, samples: store.samples };
  } catch (thrown) {
    return { thrown, samples: store.samples };
  } finally {
    store.close();
  }
};

describe('an endpoint', () => {
  it('is asked for each sample, with a seed of its own, and its tokens are counted', async () => {
    reply = ({ body }, response) => json(response, 200, text(`${body.prompt}!`));
    const price = { prompt: 1, completion: 10 };
    const { used, samples } = await run({}, { key: 'secret', price });
    expect(used).toEqual({
      requests: 4,
      retries: 0,
      promptTokens: 40,
      completionTokens: 16,
      cost: (40 * 1 + 16 * 10) / 1e6,
    });
    expect(samples.map((s) => `${s.scenario} ${s.sample} ${s.completion}`).sort()).toEqual([
      'a 0 complete a!',
      'a 1 complete a!',
      'b 0 complete b!',
      'b 1 complete b!',
    ]);
    expect(asked[0]).toMatchObject({
      path: '/v1/completions',
      authorization: 'Bearer secret',
      body: { model: 'coder', temperature: 0.5, top_p: 0.9, max_tokens: 32, n: 1 },
    });
    const seeds = asked.map(({ body }) => body.seed);
    expect(new Set(seeds).size).toBe(4);
    await run({}, { key: 'secret' });
    expect(
      asked
        .slice(4)
        .map(({ body }) => body.seed)
        .sort(),
    ).toEqual(seeds.sort());
  });

  it('is asked by conversation for the instruction form', async () => {
    reply = (_, response) =>
      json(response, 200, { choices: [{ message: { content: 'code' }, finish_reason: 'length' }] });
    const { samples } = await run({ form: 'instruction' });
    expect(asked[0]!.path).toBe('/v1/chat/completions');
    expect(asked[0]!.body.messages).toEqual([{ role: 'user', content: 'write a' }]);
    expect(samples[0]).toMatchObject({ completion: 'code', finishReason: 'length' });
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['too many requests', (r) => json(r, 429, 'slow down', { 'retry-after': '0' })],
    ['a server error', (r) => json(r, 503, 'later', { 'retry-after': '0' })],
  ])('is asked again after %s', async (_, fail) => {
    let failures = 2;
    reply = (_, response) => {
      if (failures-- > 0) fail(response);
      else json(response, 200, text('ok'));
    };
    const { used, samples } = await run();
    expect(samples).toHaveLength(4);
    expect(used).toMatchObject({ requests: 6, retries: 2 });
  });

  it('is asked again where the answer breaks off, or is no JSON', async () => {
    let n = 0;
    reply = (_, response) => {
      n++;
      if (n === 1) {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"choices"');
        setTimeout(() => response.destroy(), 10);
      } else if (n === 2) json(response, 200, '<html>');
      else json(response, 200, text('ok'));
    };
    const { used, samples } = await run({ n: 1 }, { concurrency: 1 });
    expect(samples).toHaveLength(2);
    expect(used!.retries).toBe(2);
  }, 20_000);

  it.each<[string, string, (response: ServerResponse) => void]>([
    ['FORBIDDEN', 'status 401: no. Check the key.', (r) => json(r, 401, 'no')],
    ['NETWORK', 'status 404: no such model', (r) => json(r, 404, 'no such model')],
    ['NETWORK', 'it has no choices', (r) => json(r, 200, { choices: [] })],
    ['NETWORK', '2 times in a row', (r) => json(r, 500, 'down', { 'retry-after': '0' })],
  ])('that refuses ends in %s: %s', async (code, message, fail) => {
    let answered = 0;
    reply = (_, response) => {
      if (answered++ === 0) json(response, 200, text('ok'));
      else fail(response);
    };
    const { thrown, samples } = await run({}, { concurrency: 1, tries: 2 });
    expect(thrown).toMatchObject({ code, message: expect.stringContaining(message) });
    expect(samples).toHaveLength(1); // what was there is kept
  });

  it('does not get the key sent on to another host', async () => {
    reply = (_, response) => json(response, 302, '', { location: 'http://127.0.0.1:1/' });
    const { thrown } = await run({ n: 1 }, { tries: 1, key: 'secret' });
    expect(thrown).toMatchObject({ code: 'NETWORK' });
  });

  it('stops when interrupted', async () => {
    const controller = new AbortController();
    reply = (_, response) => {
      controller.abort();
      setTimeout(() => json(response, 200, text('late')), 50);
    };
    const { thrown, samples } = await run({}, {}, controller.signal);
    expect(thrown).toMatchObject({ code: 'INTERRUPTED' });
    expect(samples).toEqual([]);
  });
});
