// `npm run bench -- serve [seconds]`: what `suture serve` costs over the engine, and how it bears many clients.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { loadModel } from '../dist/engine/index.js';
import { best, median, THREADS, timed } from './measure.js';

const BIN = fileURLToPath(new URL('../bin/suture.js', import.meta.url));
const TOKENS = 256;
const RUNS = 7;
const EOS = 1; // of the organism: forbidden, so that all completions are of one length
const CLIENTS = 32;
const PROMPT = '<s><|user|>Task: write user= and name into out.<|assistant|>';

/** @param {number} soak seconds of many clients */
export async function benchServe(soak = 60) {
  const model = await loadModel('organism', { threads: THREADS });
  const options = { maxNewTokens: TOKENS, logitBias: { [EOS]: Number.NEGATIVE_INFINITY } };
  const engine = (/** @type {number} */ rows) => {
    let first = 0;
    const start = performance.now();
    const text = Array(rows).fill(PROMPT);
    const onText = () => {
      first ||= performance.now() - start;
    };
    return model.generate({ text }, { ...options, onText }).then(() => first);
  };
  const alone = await measured(1, engine);
  const many = await measured(16, engine);
  await model.close();

  const args = ['serve', '--port', '0', '--quiet', '--threads', String(THREADS)];
  const server = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(server.stdout, 'data');
  const url = String(line).split(' ')[0] ?? '';
  try {
    const clients = (/** @type {number} */ rows) =>
      Promise.all(Array.from({ length: rows }, () => streamed(url, TOKENS))).then(
        (all) => all[0]?.first ?? 0,
      );
    const oneClient = await measured(1, clients);
    const manyClients = await measured(16, clients);
    console.log(`serve: the organism, ${TOKENS} tokens, streamed; ${THREADS} threads`);
    report('one client', alone, oneClient);
    report('16 clients', many, manyClients);
    await bear(url, soak);
  } finally {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
}

/**
 * Milliseconds per token of each row, and to the first text.
 * @param {number} rows @param {(rows: number) => Promise<number>} work
 */
async function measured(rows, work) {
  await work(rows); // warm
  /** @type {number[]} */
  const times = [];
  /** @type {number[]} */
  const firsts = [];
  for (let i = 0; i < RUNS; i++) {
    times.push(
      await timed(async () => {
        firsts.push(await work(rows));
      }),
    );
  }
  return { token: median(times) / TOKENS, least: best(times) / TOKENS, first: median(firsts) };
}

/** @typedef {Awaited<ReturnType<typeof measured>>} Measured */

/** @param {string} name @param {Measured} engine @param {Measured} server */
function report(name, engine, server) {
  const more = server.token - engine.token;
  const share = ((100 * more) / engine.token).toFixed(0);
  console.log(
    `  ${name}: ${server.token.toFixed(2)} ms a token (best ${server.least.toFixed(2)}), engine ${engine.token.toFixed(2)} (${engine.least.toFixed(2)}): ${more.toFixed(2)} ms, ${share} % more; first text after ${server.first.toFixed(0)} ms, engine ${engine.first.toFixed(0)}`,
  );
}

/** @param {string} url @param {number} tokens @param {object} [more] */
async function streamed(url, tokens, more = {}) {
  const start = performance.now();
  const body = {
    model: 'base',
    prompt: PROMPT,
    temperature: 0,
    max_tokens: tokens,
    logit_bias: { [EOS]: -100 },
    stream: true,
    ...more,
  };
  const answer = await fetch(`${url}/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  let first = 0;
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    first ||= performance.now() - start;
    text += decoder.decode(chunk, { stream: true });
  }
  if (!text.endsWith('data: [DONE]\n\n')) throw new Error(`broke off: ${text.slice(-200)}`);
  return { first, waited: performance.now() - start, text };
}

/**
 * Many clients for a while, each asking again when it has its answer, with its own length and sampling.
 * @param {string} url @param {number} seconds
 */
async function bear(url, seconds) {
  const until = performance.now() + seconds * 1000;
  /** @type {number[]} */
  const waits = [];
  /** @type {number[]} */
  const memory = [];
  let errors = 0;
  const client = async (/** @type {number} */ i) => {
    for (let turn = 0; performance.now() < until; turn++) {
      try {
        const asked = { temperature: i % 2, seed: turn, prompt: PROMPT + '\n'.repeat(turn % 50) };
        waits.push((await streamed(url, 16 + (i % 4) * 16, asked)).waited);
      } catch {
        errors++;
      }
    }
  };
  const watch = async () => {
    while (performance.now() < until) {
      const text = await (await fetch(url.replace('/v1', '/metrics'))).text();
      memory.push(Number(/^process_resident_memory_bytes (\d+)$/m.exec(text)?.[1]) / 2 ** 20);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  };
  await Promise.all([watch(), ...Array.from({ length: CLIENTS }, (_, i) => client(i))]);
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (/** @type {number} */ share) =>
    (sorted[Math.floor(share * sorted.length)] ?? 0).toFixed(0);
  const quarter = Math.ceil(memory.length / 4);
  console.log(
    `  ${CLIENTS} clients for ${seconds} s: ${waits.length} answers, ${errors} errors; they waited ${at(0.5)} ms (median), ${at(0.99)} (99 %), ${at(0.9999)} (most); resident memory ${median(memory.slice(0, quarter)).toFixed(0)} MiB in the first quarter, ${median(memory.slice(-quarter)).toFixed(0)} in the last`,
  );
}
