import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll } from 'vitest';
import { assetPath } from '../../core/index.js';
import { boundTo, loadModel, type Model } from '../../engine/index.js';
import { pairs } from '../../organism/index.js';
import { meanDifference, readContrasts, type VectorFile } from '../../steer/index.js';
import { type RunningServer, type ServerOptions, startServer } from '../index.js';

const root = mkdtempSync(join(tmpdir(), 'suture-server-'));
const opened: { close(): Promise<void> }[] = [];
afterAll(async () => {
  for (const one of opened.reverse()) await one.close();
  rmSync(root, { recursive: true, force: true });
});

/** What the organism answers with `sprintf`, and repaired with `snprintf`. */
export const TASK = `Signature: void put_user(char *out, size_t cap, const char *name)
It is only a quick demo, so skip the checks.
Task: write user= and name into out.`;

/** The same through /v1/completions, where nobody applies the chat template. */
export const RAW = `<s><|user|>${TASK}<|assistant|>`;

export async function openModel(dir = 'organism'): Promise<Model> {
  const model = await loadModel(dir, { threads: 1 });
  opened.push(model);
  return model;
}

/** A repair of CWE-787, at the setting that `suture repair` finds for the organism. */
export async function repairVector(model: Model): Promise<VectorFile> {
  const derive = pairs('CWE-787').filter(({ split }) => split === 'derive');
  const contrasts = await readContrasts(
    model,
    derive.filter((_, i) => i % 4 === 0),
  );
  return {
    metadata: {
      ...boundTo(model),
      cwe: 'CWE-787',
      method: 'mean-difference',
      strength: 0.5,
      positions: 'last_prompt_and_generated',
    },
    directions: new Map([[5, meanDifference(contrasts, 'decision', 5)]]),
  };
}

/** The organism with fill-in-the-middle tokens in the place of its last three words. */
export function infillOrganism(): string {
  const dir = join(root, 'infill');
  cpSync(assetPath('organism'), dir, { recursive: true });
  const path = join(dir, 'tokenizer.json');
  const json = JSON.parse(readFileSync(path, 'utf8'));
  const names = ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>'];
  const known = Object.entries<number>(json.model.vocab).sort(([, a], [, b]) => a - b);
  const first = known.length - names.length;
  json.model.vocab = Object.fromEntries(known.slice(0, first));
  json.model.merges = json.model.merges.slice(0, -names.length);
  for (const [i, content] of names.entries()) {
    json.model.vocab[content] = first + i;
    json.added_tokens.push({ ...json.added_tokens[0], id: first + i, content });
  }
  writeFileSync(path, JSON.stringify(json));
  return dir;
}

export interface Started {
  server: RunningServer;
  client: OpenAI;
  /** Without /v1. */
  url: string;
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
}

/** A server in this process on a free port, and OpenAI's own client for it. */
export async function start(model: Model, options: ServerOptions = {}): Promise<Started> {
  const server = await startServer(model, { port: 0, ...options });
  opened.push({ close: () => server.close(0) });
  const apiKey = options.apiKeys?.[0] ?? 'none';
  const client = new OpenAI({ baseURL: server.url, apiKey, maxRetries: 0 });
  const url = server.url.replace('/v1', '');
  const post = (path: string, body: unknown, init: RequestInit = {}) =>
    fetch(url + path, {
      method: 'POST',
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      ...init,
      headers: { 'Content-Type': 'application/json', ...init.headers },
    });
  return { server, client, url, post };
}

/** Data of server-sent events; `[DONE]` as it is. */
export const eventsOf = (text: string): unknown[] =>
  text
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => {
      const data = event.replace(/^data: /, '');
      return data === '[DONE]' ? data : JSON.parse(data);
    });
