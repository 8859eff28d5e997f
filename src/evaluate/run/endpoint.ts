import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ensure, messageOf, Random } from '../../core/index.js';
import type { EvalSample } from '../suite/sample.js';
import type { Scenario } from '../suite/scenario.js';
import { type Drawing, type GenerationProgress, missingSamples, promptOf } from './generate.js';
import { inParallel } from './in-parallel.js';
import type { RunStore } from './store.js';

/** A server that speaks OpenAI's protocol. */
export interface Endpoint {
  /** Up to and with the version: `http://localhost:8000/v1`. */
  url: string;
  model: string;
  /** Sent as a bearer token. Defaults to none. */
  key?: string;
  /** Requests at a time. Defaults to 4. */
  concurrency?: number;
  /** Tries of one request before it is given up. Defaults to 6. */
  tries?: number;
  /** Price of a million tokens, for the sum of costs. Defaults to 0. */
  price?: { prompt: number; completion: number };
}

/** What a run has used of an endpoint. */
export interface Usage {
  requests: number;
  retries: number;
  promptTokens: number;
  completionTokens: number;
  /** In the currency of `price`. */
  cost: number;
}

const usage = z.object({
  prompt_tokens: z.number().default(0),
  completion_tokens: z.number().default(0),
});
const answer = z.object({
  choices: z
    .array(
      z.object({
        text: z.string().nullish(),
        message: z.object({ content: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage: usage.nullish(),
});

/** Longest wait before a request is tried again, milliseconds. */
const LONGEST_WAIT = 60_000;

/**
 * Completes the scenarios through an OpenAI-compatible server: `/completions` for the completion
 * form, `/chat/completions` for the instruction form, one request for each sample, with a seed of
 * its own. Too many requests (429), server errors and broken connections are tried again after a
 * growing wait, or after what `Retry-After` says.
 *
 * @returns what was used
 * @throws {SutureError} FORBIDDEN where the key is refused; NETWORK for a request that fails otherwise,
 *   or too often; INTERRUPTED when the signal fires. Finished samples are kept
 */
export async function generateRemotely(
  store: RunStore,
  scenarios: readonly Scenario[],
  endpoint: Endpoint,
  drawing: Drawing,
  options: GenerationProgress = {},
): Promise<Usage> {
  const { concurrency = 4, price = { prompt: 0, completion: 0 } } = endpoint;
  const jobs = missingSamples(store, scenarios, drawing.n).flatMap(({ scenario, samples }) =>
    samples.map((sample) => ({ scenario, sample, prompt: promptOf(scenario, drawing.form) })),
  );
  const total = scenarios.length * drawing.n;
  const used: Usage = { requests: 0, retries: 0, promptTokens: 0, completionTokens: 0, cost: 0 };
  await inParallel(
    jobs,
    concurrency,
    async ({ scenario, sample, prompt }, signal) => {
      const seed = new Random(drawing.seed, 'endpoint', scenario.id, sample).int(2 ** 31);
      const reply = await ask(endpoint, drawing, prompt, seed, used, signal);
      used.promptTokens += reply.promptTokens;
      used.completionTokens += reply.completionTokens;
      const { completion, finishReason } = reply;
      store.addSample({ scenario: scenario.id, sample, completion, finishReason });
      options.onProgress?.(store.samples.length, total);
    },
    options.signal,
  );
  const { promptTokens, completionTokens } = used;
  used.cost = (promptTokens * price.prompt + completionTokens * price.completion) / 1e6;
  return used;
}

/**
 * Asks a server one question as a conversation, greedily, tried again as in `generateRemotely`.
 * @returns the answer's text
 * @throws {SutureError} FORBIDDEN, NETWORK
 */
export async function askRemotely(
  endpoint: Endpoint,
  question: string,
  options: { maxNewTokens?: number; signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const { maxNewTokens = 256, signal = new AbortController().signal } = options;
  const drawing: Drawing = {
    form: 'instruction',
    n: 1,
    temperature: 0,
    topP: 1,
    maxNewTokens,
    seed: 0,
  };
  const used: Usage = { requests: 0, retries: 0, promptTokens: 0, completionTokens: 0, cost: 0 };
  return (await ask(endpoint, drawing, question, drawing.seed, used, signal)).completion;
}

interface Reply extends Pick<EvalSample, 'completion' | 'finishReason'> {
  promptTokens: number;
  completionTokens: number;
}

/** One request, tried again while that may help. */
async function ask(
  endpoint: Endpoint,
  drawing: Drawing,
  prompt: string,
  seed: number,
  used: Usage,
  signal: AbortSignal,
): Promise<Reply> {
  const { url, tries = 6 } = endpoint;
  const random = new Random(seed, 'waits');
  for (let attempt = 1; ; attempt++) {
    used.requests++;
    const outcome = await request(endpoint, drawing, prompt, seed, signal);
    if ('reply' in outcome) return outcome.reply;
    const times = outcome.again ? `, ${attempt} times in a row` : '';
    ensure(!outcome.forbidden, 'FORBIDDEN', `${url}: ${outcome.why}. Check the key.`);
    ensure(outcome.again && attempt < tries, 'NETWORK', `${url}: ${outcome.why}${times}.`);
    used.retries++;
    const growing = Math.min(LONGEST_WAIT, 500 * 2 ** attempt) * (0.5 + random.float() / 2);
    await sleep(outcome.waitMs ?? growing, undefined, { signal });
  }
}

type Outcome =
  | { reply: Reply }
  | { why: string; again: boolean; forbidden?: boolean; waitMs?: number | undefined };

async function request(
  { url, model, key }: Endpoint,
  { form, temperature, topP, maxNewTokens }: Drawing,
  prompt: string,
  seed: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const chat = form === 'instruction';
  const asked = chat ? { messages: [{ role: 'user', content: prompt }] } : { prompt };
  const sampling = { temperature, top_p: topP, max_tokens: maxNewTokens, seed, n: 1 };
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url.replace(/\/$/, '')}/${chat ? 'chat/' : ''}completions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify({ model, ...asked, ...sampling }),
      redirect: 'error', // the key must not go to another host
      signal,
    });
    text = await response.text();
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const cause = thrown instanceof Error && thrown.cause ? thrown.cause : thrown;
    return { why: `no answer (${messageOf(cause)})`, again: true };
  }
  if (!response.ok) {
    const why = `status ${response.status}: ${text.slice(0, 200).trim() || response.statusText}`;
    const again = response.status === 429 || response.status >= 500;
    const forbidden = response.status === 401 || response.status === 403;
    return { why, again, forbidden, waitMs: retryAfter(response) };
  }
  return readAnswer(text);
}

/** What the server asks to wait: seconds, or a date. */
function retryAfter(response: Response): number | undefined {
  const header = response.headers.get('retry-after');
  if (header === null) return undefined;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : 1000 * seconds;
  return Number.isNaN(ms) ? undefined : Math.min(LONGEST_WAIT, Math.max(0, ms));
}

function readAnswer(text: string): Outcome {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { why: 'the answer is not JSON', again: true };
  }
  const parsed = answer.safeParse(json);
  if (!parsed.success) {
    return { why: 'the answer is not what the protocol says: it has no choices', again: false };
  }
  const { choices, usage: counted } = parsed.data;
  const [choice] = choices;
  const completion = choice!.text ?? choice!.message?.content ?? '';
  const finishReason = choice!.finish_reason === 'length' ? 'length' : 'eos';
  return {
    reply: {
      completion,
      finishReason: choice!.finish_reason == null ? 'unknown' : finishReason,
      promptTokens: counted?.prompt_tokens ?? 0,
      completionTokens: counted?.completion_tokens ?? 0,
    },
  };
}
