import { randomUUID } from 'node:crypto';
import type { Outcome } from './answer.js';
import type { SpelledToken } from './spelling.js';

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

/** How answers are written: whole, or as events. */
export interface Form {
  /** Called when the first text is there. */
  begun?(): void;
  whole(choices: readonly Written[], usage: Usage): object;
  /** Event before the first piece of a choice; none where it is undefined. */
  opening?(choice: number): object;
  piece(choice: number, text: string, logprobs: readonly SpelledToken[] | undefined): object;
  ending(outcome: Outcome): object;
  /** Event behind all others, where it is asked for. */
  usage?(usage: Usage): object;
  /** What closes the stream; nothing where it is undefined. */
  done?: string;
}

/** A completion with the tokens that it is spelled with, where they were asked for. */
export type Written = Outcome & { spelled: readonly SpelledToken[] | undefined };

interface Heading {
  model: string;
  fingerprint: string;
}

const heading = (prefix: string, object: string, { model, fingerprint }: Heading) => ({
  id: `${prefix}-${randomUUID()}`,
  object,
  created: Math.floor(Date.now() / 1000),
  model,
  system_fingerprint: fingerprint,
});

/** What the scanner said, where it was asked. */
const scanOf = ({ scan }: Outcome) => scan && { scan };

/** `text_completion`, of /v1/completions. `echo`: each prompt's text, put before its completions. */
export function textForm(named: Heading, echo: ((choice: number) => string) | undefined): Form {
  const head = heading('cmpl', 'text_completion', named);
  const logprobsOf = (choice: number, tokens: readonly SpelledToken[] | undefined) => {
    if (!tokens) return null;
    const lead = echo ? [...echo(choice)].length : 0;
    return {
      tokens: tokens.map(({ token }) => token),
      token_logprobs: tokens.map(({ logprob }) => logprob),
      top_logprobs: tokens.map(({ top }) =>
        Object.fromEntries(top.map(({ token, logprob }) => [token, logprob])),
      ),
      text_offset: tokens.map(({ offset }) => lead + offset),
    };
  };
  const event = (choice: object) => ({ ...head, choices: [choice] });
  return {
    whole: (choices, usage) => ({
      ...head,
      choices: choices.map((one) => ({
        index: one.choice,
        text: (echo?.(one.choice) ?? '') + one.text,
        logprobs: logprobsOf(one.choice, one.spelled),
        finish_reason: one.finish,
        ...scanOf(one),
      })),
      usage,
    }),
    ...(echo && {
      opening: (index: number) =>
        event({ index, text: echo(index), logprobs: null, finish_reason: null }),
    }),
    piece: (index, text, tokens) =>
      event({ index, text, logprobs: logprobsOf(index, tokens), finish_reason: null }),
    ending: (outcome) =>
      event({
        index: outcome.choice,
        text: '',
        logprobs: null,
        finish_reason: outcome.finish,
        ...scanOf(outcome),
      }),
    usage: (usage) => ({ ...head, choices: [], usage }),
    done: '[DONE]',
  };
}

/** `chat.completion`, of /v1/chat/completions and Mistral's /v1/fim/completions. */
export function chatForm(named: Heading): Form {
  const head = heading('chatcmpl', 'chat.completion', named);
  const logprobsOf = (tokens: readonly SpelledToken[] | undefined) =>
    tokens
      ? {
          content: tokens.map(({ token, logprob, bytes, top }) => ({
            token,
            logprob,
            bytes,
            top_logprobs: top,
          })),
          refusal: null,
        }
      : null;
  const event = (choice: object) => ({
    ...head,
    object: 'chat.completion.chunk',
    choices: [choice],
  });
  return {
    whole: (choices, usage) => ({
      ...head,
      choices: choices.map((one) => ({
        index: one.choice,
        message: { role: 'assistant', content: one.text, refusal: null },
        logprobs: logprobsOf(one.spelled),
        finish_reason: one.finish,
        ...scanOf(one),
      })),
      usage,
    }),
    opening: (index) =>
      event({
        index,
        delta: { role: 'assistant', content: '' },
        logprobs: null,
        finish_reason: null,
      }),
    piece: (index, content, tokens) =>
      event({ index, delta: { content }, logprobs: logprobsOf(tokens), finish_reason: null }),
    ending: (outcome) =>
      event({
        index: outcome.choice,
        delta: {},
        logprobs: null,
        finish_reason: outcome.finish,
        ...scanOf(outcome),
      }),
    usage: (usage) => ({ ...head, object: 'chat.completion.chunk', choices: [], usage }),
    done: '[DONE]',
  };
}

/** The answer of llama.cpp's /infill. */
export function infillForm(
  { model }: Heading,
  promptTokens: number,
  fields: readonly string[] | undefined,
): Form {
  const began = performance.now();
  let first: number | undefined;
  const told = (outcome: Outcome, content: string) => {
    const now = performance.now();
    const prompt = (first ?? now) - began;
    const predicted = now - (first ?? now);
    const rate = (count: number, ms: number) => ({
      ms,
      per_token_ms: ms / Math.max(1, count),
      per_second: ms > 0 ? (1000 * count) / ms : 0,
    });
    const timing = (name: string, n: number, ms: number) =>
      Object.fromEntries(
        Object.entries({ n, ...rate(n, ms) }).map(([key, value]) => [`${name}_${key}`, value]),
      );
    const stops = { eos: 'eos', stop: 'word', length: 'limit' } as const;
    const answer = {
      index: outcome.choice,
      content,
      stop: true,
      model,
      stop_type: stops[outcome.sample.finishReason],
      tokens_predicted: outcome.tokens,
      tokens_evaluated: promptTokens,
      truncated: false,
      timings: {
        ...timing('prompt', promptTokens, prompt),
        ...timing('predicted', outcome.tokens, predicted),
      },
      ...scanOf(outcome),
    };
    return fields ? chosen(answer, fields) : answer;
  };
  return {
    begun: () => {
      first = performance.now();
    },
    whole: ([outcome]) => told(outcome!, outcome!.text),
    piece: (index, content) => ({ index, content, stop: false }),
    ending: (outcome) => told(outcome, ''),
  };
}

/** The fields that are asked for, `timings/prompt_n` as one of its own, by that name. */
function chosen(answer: object, fields: readonly string[]): object {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const value = field
        .split('/')
        .reduce<unknown>(
          (at, key) =>
            typeof at === 'object' && at !== null && Object.hasOwn(at, key)
              ? (at as Record<string, unknown>)[key]
              : undefined,
          answer,
        );
      return value === undefined ? [] : [[field, value]];
    }),
  );
}
