import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { boundTo, Device, type Model } from '../engine/index.js';
import { type GateFile, routeVectors, type VectorFile, writeVector } from '../steer/index.js';
import { difference, dot, norm } from '../tensor/index.js';
import { startServer } from './index.js';
import { openModel, repairVector, type Started, start, TASK } from './testing/models.js';
import { Vectors } from './vectors.js';

const LAYER = 3;
/** Of these a gate is made that takes the first two for what they are and abstains on the third. */
const PROMPTS = [
  TASK,
  'Signature: def find(db, name):\nTask: select the row of users whose name is name.',
  'Signature: def clamp(x, low, high):\nTask: keep x between low and high.',
] as const;
const NAMES = ['base+memory', 'base+sql', 'base'] as const;

let model: Model;
let gate: GateFile;
let vectors: { memory: VectorFile; sql: VectorFile };
let on: Started;
beforeAll(async () => {
  model = await openModel();
  const memory = await repairVector(model);
  const directions = new Map([
    [4, Float32Array.from({ length: model.dModel }, (_, i) => 40 * Math.sin(i))],
  ]);
  vectors = { memory, sql: { metadata: { ...memory.metadata, cwe: 'CWE-089' }, directions } };
  gate = await gateOf(model);
  on = await start(model, { vectors, gate, adminKey: 'secret' });
});

/** Heads along the states themselves: each prompt is closest to its own. */
async function gateOf(of: Model): Promise<GateFile> {
  const hook = `blocks.${LAYER}.hook_resid_post`;
  const states: Float32Array[] = [];
  for (const content of PROMPTS) {
    const ids = of.encode({ messages: [{ role: 'user', content }] });
    const { cache } = await of.forward(ids, { capture: [hook], positions: 'last', logits: [] });
    states.push(cache.get(hook)!.data.slice());
  }
  const mean = states[0]!.map((_, j) => states.reduce((sum, h) => sum + h[j]! / 3, 0));
  const [first, second] = states.map((h) => difference(h, mean)) as [Float32Array, Float32Array];
  const headOf = (weights: Float32Array) => ({ weights, intercept: -dot(weights, mean) });
  const rate = { hits: 0, total: 1, low: 0, high: 1 };
  return {
    metadata: {
      ...boundTo(of),
      method: 'direction',
      layer: LAYER,
      threshold: { value: 0, budget: 0.01, prompts: 99, bases: 9, alarms: 0, bound: 0.03 },
      data_hash: '',
      evaluation: { falseAlarms: rate, missed: rate, misrouted: rate, layers: [] },
    },
    heads: {
      alarm: headOf(first.map((w, j) => w / norm(first) + second[j]! / norm(second))),
      routes: new Map([
        ['CWE-787', headOf(first)],
        ['CWE-089', headOf(second)],
      ]),
    },
  };
}

const messagesOf = (content: string) => [{ role: 'user' as const, content }];
const chat = (name: string, content: string, more: object = {}) =>
  on.client.chat.completions.create({
    model: name,
    messages: messagesOf(content),
    temperature: 0,
    max_tokens: 24,
    ...more,
  });
const textsOf = ({ choices }: Awaited<ReturnType<typeof chat>>) =>
  choices.map(({ message }) => message.content);

describe('base+auto', () => {
  it('is a model among the others', async () => {
    const { data } = await on.client.models.list();
    expect(data.map(({ id }) => id)).toEqual(['base', 'base+memory', 'base+sql', 'base+auto']);
    expect(await on.client.models.retrieve('base+auto')).toMatchObject({ id: 'base+auto' });
  });

  it('writes what the gate makes of a prompt: one vector acts, or none', async () => {
    const routed = routeVectors(gate, Object.values(vectors), model);
    for (const [i, prompt] of PROMPTS.entries()) {
      const auto = textsOf(await chat('base+auto', prompt));
      const { samples } = await model.generate(
        { messages: messagesOf(prompt) },
        { ...routed, maxNewTokens: 24 },
      );
      expect(auto).toEqual([samples[0]!.text]);
      expect(auto).toEqual(textsOf(await chat(NAMES[i]!, prompt)));
      if (NAMES[i] !== 'base') expect(auto).not.toEqual(textsOf(await chat('base', prompt)));
    }
  });

  it('shares batch and graph with requests without a gate', async () => {
    const asks = PROMPTS.flatMap((prompt, i) =>
      ['base', 'base+auto', 'base+memory', 'base+auto', NAMES[i]!].map(
        (name, seed) => () =>
          chat(name, prompt, { temperature: 1, seed, n: 2, logprobs: true, top_logprobs: 1 }),
      ),
    );
    const alone = [];
    for (const ask of asks) alone.push(textsOf(await ask()));
    const load = vi.spyOn(Device.prototype, 'load');
    const together = await Promise.all(asks.map((ask) => ask()));
    expect(together.map(textsOf)).toEqual(alone);
    expect(load).not.toHaveBeenCalled();
    load.mockRestore();
  });

  it('has a graph from the first request without a gate on', async () => {
    const own = await start(await openModel(), { vectors, gate });
    const ask = (name: string) =>
      own.client.completions.create({ model: name, prompt: 'int', max_tokens: 2 });
    await ask('base');
    const load = vi.spyOn(Device.prototype, 'load');
    await ask('base+auto');
    expect(load).not.toHaveBeenCalled();
    load.mockRestore();
  });

  it('makes what it chooses among once, and anew where a vector changes', () => {
    const own = new Vectors(model, 'base');
    for (const [name, file] of Object.entries(vectors)) own.add(name, file);
    own.choose(gate);
    const first = own.steering('base+auto');
    expect(own.steering('base+auto')).toBe(first);
    const weaker = { ...vectors.sql, metadata: { ...vectors.sql.metadata, strength: 1 } };
    own.add('sql', weaker);
    const second = own.steering('base+auto');
    expect(second.interventions).toHaveLength(first.interventions.length);
    expect(second.interventions).not.toEqual(first.interventions);
  });

  it('takes no other vectors beside, and embeds nothing', async () => {
    const steering = [{ name: 'sql' }];
    await expect(chat('base+auto', TASK, { steering })).rejects.toMatchObject({
      status: 400,
      param: 'steering',
    });
    await expect(chat('base+auto+sql', TASK)).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
    await expect(
      on.client.embeddings.create({ model: 'base+auto', input: 'x' }),
    ).rejects.toMatchObject({ status: 400, param: 'model' });
  });

  it('keeps the vectors that it needs, one against each weakness', async () => {
    const file = join(tmpdir(), `suture-auto-${process.pid}.safetensors`);
    writeVector(file, vectors.sql);
    const bytes = readFileSync(file);
    rmSync(file);
    const call = async (method: string, name: string, body?: Uint8Array) => {
      const headers = { Authorization: 'Bearer secret' };
      const answer = await fetch(`${on.url}/admin/vectors/${name}`, {
        method,
        headers,
        ...(body && { body }),
      });
      return { status: answer.status, text: await answer.text() };
    };
    expect(await call('DELETE', 'sql')).toMatchObject({
      status: 400,
      text: expect.stringContaining('no vector is registered against CWE-089'),
    });
    expect(await call('PUT', 'other', bytes)).toMatchObject({
      status: 400,
      text: expect.stringContaining('Two vectors are against CWE-089'),
    });
    expect(await call('PUT', 'sql', bytes)).toMatchObject({ status: 201 });
    expect(on.server.models).toHaveLength(4);
  });

  it.each<[string, () => Parameters<typeof startServer>[1], string, RegExp]>([
    [
      'of another model',
      () => ({ gate: { ...gate, metadata: { ...gate.metadata, model_hash: 'x' } }, vectors }),
      'BAD_DATA',
      /made for another model/,
    ],
    [
      'of another width',
      () => ({
        gate: {
          ...gate,
          heads: { ...gate.heads, alarm: { weights: new Float32Array(3), intercept: 0 } },
        },
        vectors,
        force: true,
      }),
      'BAD_DATA',
      /reads 3 values/,
    ],
    [
      'that knows a weakness without a vector',
      () => ({ gate, vectors: { memory: vectors.memory } }),
      'BAD_ARGUMENT',
      /no vector is registered against CWE-089/,
    ],
    [
      'that has two vectors to choose from',
      () => ({ gate, vectors: { ...vectors, more: vectors.sql } }),
      'BAD_ARGUMENT',
      /Two vectors are against CWE-089/,
    ],
  ])('has no gate %s', async (_, options, code, words) => {
    const refused = startServer(model, { port: 0, ...options() });
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringMatching(words) });
  });

  it('is not there without a gate', async () => {
    const plain = await start(model, { vectors });
    expect(plain.server.models).not.toContain('base+auto');
    const asked = plain.client.completions.create({ model: 'base+auto', prompt: 'x' });
    await expect(asked).rejects.toMatchObject({ status: 404 });
  });

  it('leaves vectors alone that are against what the gate does not know', async () => {
    const spare = {
      ...vectors.sql,
      metadata: { ...vectors.sql.metadata, cwe: 'CWE-079' as const },
    };
    const more = await start(model, { vectors: { ...vectors, spare }, gate });
    expect(more.server.models).toContain('base+spare');
    expect(more.server.models).toContain('base+auto');
  });
});
