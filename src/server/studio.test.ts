import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../engine/index.js';
import type { ListedRun, ShownRun } from './index.js';
import { openModel, repairVector, type Started, start } from './testing/models.js';

let root: string;
let model: Model;
let on: Started;

const share = (value: number) => ({ rates: { insecure: { value } } });
const FILES: Record<string, string> = {
  'outside.json': '{"secret": 1}',
  'runs/mine/cwe-787/run.json': '{"command": "repair", "cwe": "CWE-787", "model": {"id": "tiny"}}',
  'runs/mine/cwe-787/metrics.json': JSON.stringify({
    arms: [
      { name: 'none', ...share(0.9) },
      { name: 'steered', ...share(0.1) },
    ],
  }),
  'runs/mine/cwe-787/samples.jsonl': '{"text": "a"}\n{"text": "b',
  'runs/mine/cwe-787/report.html': '<script>alert(1)</script>',
  'runs/gap/run.json': '{"command": "gap"}',
  'runs/gap/metrics.json': '{"gap": {"corrected": {"value": 0.7}}}',
  'runs/begun/run.json': '{"command": "diagnose"}',
  'runs/torn/run.json': '{"command": "repair"}',
  'runs/torn/metrics.json': '{"arms": [',
  'runs/old/run.json': '{"command": "repair"}',
  'runs/old/metrics.json': '{"arms": 3}',
  'runs/strange/run.json': '[1]',
  'runs/none/notes.txt': 'no run',
};

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'suture-studio-'));
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  model = await openModel();
  on = await start(model, { studio: { runs: join(root, 'runs') } });
});
afterAll(() => rmSync(root, { recursive: true }));

const get = (path: string, init?: RequestInit) => fetch(on.url + path, init);
const listed = async () => {
  const answer = await get('/studio/api/runs');
  const { data } = (await answer.json()) as { data: ListedRun[] };
  return Object.fromEntries(data.map((run) => [run.name, run]));
};
const idOf = async (name: string) => (await listed())[name]!.id;
const shown = async (name: string) =>
  (await (await get(`/studio/api/runs/${await idOf(name)}`)).json()) as ShownRun;

describe('the page', () => {
  it('is sent with all it needs, and may load nothing else', async () => {
    const answer = await get('/studio');
    expect(answer.status).toBe(200);
    const policy = answer.headers.get('Content-Security-Policy')!;
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toMatch(/unsafe|https?:/);
    const html = await answer.text();
    const parts = [...html.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map(([, path]) => path!);
    expect(parts.length).toBeGreaterThanOrEqual(2);
    for (const path of parts) {
      const part = await get(path);
      expect(part.status).toBe(200);
      expect(part.headers.get('X-Content-Type-Options')).toBe('nosniff');
    }
    expect(html).not.toMatch(/https?:\/\//);
  });
  it('is not there where it was not asked for', async () => {
    const plain = await start(model);
    expect((await fetch(`${plain.url}/studio`)).status).toBe(404);
    expect((await fetch(`${plain.url}/studio/api/runs`)).status).toBe(404);
  });
});

describe('runs', () => {
  it('are listed with what they came to, or what stands in the way', async () => {
    const runs = await listed();
    expect(Object.keys(runs).sort()).toEqual([
      'begun',
      'gap',
      'mine/cwe-787',
      'old',
      'strange',
      'torn',
    ]);
    expect(runs['mine/cwe-787']).toMatchObject({
      command: 'repair',
      model: 'tiny',
      cwe: 'CWE-787',
      figures: [
        { label: 'insecure as it was', value: 0.9 },
        { label: 'steered', value: 0.1 },
      ],
    });
    expect(runs['mine/cwe-787']).not.toHaveProperty('problem');
    expect(runs.gap!.figures).toEqual([{ label: 'gap, corrected', value: 0.7 }]);
    expect(runs.begun!.problem).toBe('It has no metrics yet.');
    expect(runs.torn!.problem).toMatch(/^metrics\.json is not valid JSON/);
    expect(runs.old!.problem).toContain('another form');
    expect(runs.strange!.problem).toContain('run.json is not that of a run');
    expect(JSON.stringify(runs)).not.toContain(root);
  });
  it('are shown as far as they can be read', async () => {
    expect(await shown('mine/cwe-787')).toMatchObject({
      config: { cwe: 'CWE-787' },
      metrics: { arms: [{ name: 'none' }, { name: 'steered' }] },
      hasSamples: true,
      report: expect.stringMatching(/^\/studio\/reports\/[0-9a-f]{64}$/),
    });
    const torn = await shown('torn');
    expect(torn).toMatchObject({ metrics: null, hasSamples: false });
    expect(torn.problem).toMatch(/^metrics\.json is not valid JSON/);
    expect(torn).not.toHaveProperty('report');
  });
  it('hand out their samples as they are', async () => {
    const answer = await get(`/studio/api/runs/${await idOf('mine/cwe-787')}/samples`);
    expect(answer.headers.get('Content-Type')).toBe('application/x-ndjson');
    expect(await answer.text()).toBe(FILES['runs/mine/cwe-787/samples.jsonl']);
    const without = await get(`/studio/api/runs/${await idOf('torn')}/samples`);
    expect(without.status).toBe(404);
    expect(await without.json()).toMatchObject({
      error: { message: 'This run has no samples.jsonl.' },
    });
  });
  it('have their reports in a sandbox that runs no script', async () => {
    const { report } = await shown('mine/cwe-787');
    const answer = await get(report!);
    expect(await answer.text()).toBe(FILES['runs/mine/cwe-787/report.html']);
    expect(answer.headers.get('Content-Security-Policy')).toMatch(/^sandbox; default-src 'none';/);
    expect((await get(`/studio/reports/${await idOf('mine/cwe-787')}`)).status).toBe(404);
  });
  it('that come while it serves are found', async () => {
    mkdirSync(join(root, 'runs/late'));
    writeFileSync(join(root, 'runs/late/run.json'), '{"command": "gap"}');
    expect(await listed()).toHaveProperty('late');
    rmSync(join(root, 'runs/late'), { recursive: true });
    expect(await listed()).not.toHaveProperty('late');
  });
});

describe('no path of a request is read', () => {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);
  it.each([
    'mine',
    'begun',
    '..%2foutside.json',
    '..%2f..%2f..%2fetc%2fpasswd',
    '%2fetc%2fpasswd',
    'mine%2fcwe-787',
    'begun%00',
    '__proto__',
    hash('none'),
    hash('..'),
  ])('%s', async (id) => {
    for (const path of [
      `/studio/api/runs/${id}`,
      `/studio/api/runs/${id}/samples`,
      `/studio/reports/${id}`,
      `/studio/assets/${id}`,
    ]) {
      const answer = await get(path);
      expect(answer.status).toBe(404);
      expect(await answer.text()).not.toMatch(/secret|root:/);
    }
  });
});

it('neither is one that climbs', async () => {
  const raw = (path: string) =>
    new Promise<string>((resolve, reject) => {
      // fetch would resolve the dots itself.
      const { hostname, port } = new URL(on.url);
      const asked = request({ hostname, port, path }, async (answer) =>
        resolve(await text(answer)),
      );
      asked.on('error', reject).end();
    });
  const id = await idOf('mine/cwe-787');
  for (const path of [
    '/studio/../../outside.json',
    '/studio/assets/../../../../package.json',
    '/studio/assets/..%2f..%2f..%2fpackage.json',
    `/studio/api/runs/${id}/../../../../outside.json`,
    `/studio/api/runs/${id}/..%2f..%2f..%2f..%2foutside.json`,
  ]) {
    expect(await raw(path)).toMatch(/"code":"not_found"/);
  }
});

describe('who may ask', () => {
  it('is asked for a key where there is one; reports have addresses that cannot be guessed', async () => {
    const shut = await start(model, { studio: { runs: join(root, 'runs') }, apiKeys: ['k'] });
    const ask = (path: string, headers = {}) => fetch(shut.url + path, { headers });
    const bearing = { Authorization: 'Bearer k' };
    expect((await ask('/studio')).status).toBe(200);
    expect((await ask('/studio/api/runs')).status).toBe(401);
    expect((await ask('/studio/api/playground')).status).toBe(401);
    const { id } = (await listed())['mine/cwe-787']!;
    expect((await ask(`/studio/api/runs/${id}`)).status).toBe(401);
    const answer = await ask(`/studio/api/runs/${id}`, bearing);
    const { report } = (await answer.json()) as ShownRun;
    expect((await ask(report!)).status).toBe(200);
    expect(report).not.toBe((await shown('mine/cwe-787')).report);
  });
});

it('the playground is told what there is to steer with', async () => {
  const vector = await repairVector(model);
  const steering = await start(model, {
    studio: { runs: join(root, 'nowhere') },
    vectors: { mine: vector },
    name: 'tiny',
  });
  const ask = async (path: string) => (await fetch(steering.url + path)).json();
  expect(await ask('/studio/api/playground')).toMatchObject({
    model: { id: 'organism', nLayers: 6, hasTemplate: true },
    base: 'tiny',
    vectors: [{ name: 'mine', cwe: 'CWE-787', strength: 0.5, layers: [5] }],
    scan: 'off',
  });
  expect(await ask('/studio/api/runs')).toEqual({ data: [] });
});
