import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../engine/index.js';
import { type VectorFile, writeVector } from '../steer/index.js';
import type { Experiment, Playground } from './index.js';
import { openModel, repairVector, type Started, start } from './testing/models.js';

let root: string;
let model: Model;
let vector: VectorFile;
let on: Started;
const launched: string[][] = [];
let child: ChildProcess;

/**
 * Stands in for a command: by its seed it fails, or ends well; else it goes on until it is interrupted.
 */
const COMMAND = `
const [seed, dir] = process.argv.slice(1);
const { copyFileSync, mkdirSync, writeFileSync } = require('node:fs');
process.on('SIGINT', () => process.exit(130));
console.error('find the layer 3/10, 2s left');
if (seed === '1') { console.error('There is no room.'); process.exit(1); }
if (seed === '2') {
  mkdirSync(dir, { recursive: true });
  writeFileSync(dir + '/run.json', '{"command": "repair"}');
  copyFileSync(dir + '/../../made.safetensors', dir + '/cwe-787.safetensors');
} else setInterval(() => {}, 1000);`;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'suture-experiments-'));
  mkdirSync(join(root, 'runs'));
  model = await openModel();
  vector = await repairVector(model);
  writeVector(join(root, 'made.safetensors'), vector);
  on = await startIn('runs');
});
afterAll(() => rmSync(root, { recursive: true }));

const startIn = (folder: string) =>
  start(model, {
    studio: {
      runs: join(root, folder),
      launch: (args) => {
        launched.push([...args]);
        const [seed, dir] = ['--seed', '-o'].map((name) => args[args.indexOf(name) + 1]!);
        child = spawn(process.execPath, ['-e', COMMAND, seed!, dir!]);
        return child;
      },
    },
  });

const PATH = '/studio/api/experiments';
const wanted = { command: 'repair', cwe: 'CWE-787', seed: 0 };
const list = async (of = on) => {
  const { data } = (await (await fetch(of.url + PATH)).json()) as { data: Experiment[] };
  return data;
};
const begin = async (seed: number, of = on) => {
  const answer = await of.post(PATH, { ...wanted, seed });
  expect(answer.status).toBe(201);
  return (await answer.json()) as Experiment;
};
const until = async (condition: (latest: Experiment) => boolean, of = on) => {
  for (;;) {
    const [latest] = await list(of);
    if (condition(latest!)) return latest!;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const over = ({ state }: Experiment) => state !== 'running';
const cancel = (id: string) => fetch(`${on.url}${PATH}/${id}`, { method: 'DELETE' });

describe('runs from the page', () => {
  it('run one at a time, tell how far they are, and end when they are told to', async () => {
    const { id, name } = await begin(0);
    expect(name).toBe('repair-cwe-787-seed0');
    expect(launched.at(-1)).toEqual([
      'repair',
      '--cwe',
      'CWE-787',
      '--seed',
      '0',
      '-o',
      join(root, 'runs', name),
    ]);
    await until(({ said }) => said === 'find the layer 3/10, 2s left');
    const second = await on.post(PATH, wanted);
    expect(second.status).toBe(409);
    expect(await second.json()).toMatchObject({ error: { code: 'busy' } });
    expect((await cancel('another')).status).toBe(404);
    expect((await cancel(id)).status).toBe(202);
    expect(await until(over)).toMatchObject({ id, state: 'cancelled' });
    while ((await cancel(id)).status !== 404) await new Promise((go) => setTimeout(go, 20));
  });

  it('say what went wrong', async () => {
    await begin(1);
    expect(await until(over)).toMatchObject({ state: 'failed', said: 'There is no room.' });
  });

  it('are listed when they are done, and what they made can be steered with at once', async () => {
    const { name } = await begin(2);
    expect(await until(over)).toMatchObject({ state: 'done' });
    const runs = await (await fetch(`${on.url}/studio/api/runs`)).json();
    expect(runs).toMatchObject({ data: [{ name, command: 'repair' }] });
    const about = (await (await fetch(`${on.url}/studio/api/playground`)).json()) as Playground;
    expect(about.vectors).toMatchObject([{ name, cwe: 'CWE-787', layers: [5] }]);
  });

  it.each([
    ['another command', { ...wanted, command: 'train' }],
    ['an option for one', { ...wanted, cwe: '--out=/tmp' }],
    ['a seed that is none', { ...wanted, seed: '0; true' }],
    ['a folder', { ...wanted, out: '/tmp/x' }],
  ])('are refused with %s', async (_, body) => {
    const before = launched.length;
    expect((await on.post(PATH, body)).status).toBe(400);
    expect(launched).toHaveLength(before);
  });

  it('cannot be started by a foreign page, whose forms do not say that they are JSON', async () => {
    const headers = { 'Content-Type': 'text/plain' };
    expect((await on.post(PATH, wanted, { headers })).status).toBe(415);
  });

  it('are not put into a run, nor started where nobody can', async () => {
    mkdirSync(join(root, 'single'));
    writeFileSync(join(root, 'single/run.json'), '{}');
    const single = await startIn('single');
    expect((await single.post(PATH, wanted)).status).toBe(409);
    const reading = await start(model, { studio: { runs: join(root, 'runs') } });
    expect(await (await fetch(reading.url + PATH)).json()).toEqual({ data: [], commands: [] });
    expect((await reading.post(PATH, wanted)).status).toBe(404);
  });

  it('end with the server', async () => {
    const ending = await startIn('ending');
    await begin(0, ending);
    await until(({ said }) => said !== '', ending);
    await ending.server.close();
    expect(child.exitCode).toBe(130);
  });
});
