import { randomInt } from 'node:crypto';
import type { LogitsProcessor } from '../engine/index.js';
import type { Job } from './answer.js';
import type { ChatBody, CompletionBody, InfillBody, ScanPolicy } from './bodies.js';
import { ApiError } from './errors.js';
import { chatForm, type Form, infillForm, textForm } from './forms.js';
import { languageOfTag, type Scanned, type Surroundings } from './scanning.js';
import type { Service } from './service.js';

/** A request, ready to be worked on. */
export interface Asked {
  job: Job;
  form: Form;
  stream: boolean;
  /** Whether the last event of a stream is to be the usage. */
  usage: boolean;
  model: string;
  /** As text, for logs. */
  prompts: readonly string[];
}

const listOf = (stop: string | string[] | undefined): string[] => [stop ?? []].flat();

/** The fields that OpenAI's two kinds of completions share, as the engine knows them. */
function commonOptions(body: CompletionBody | ChatBody, service: Service) {
  const { seed = randomInt(2 ** 31), n = 1, temperature = 1 } = body;
  return {
    n,
    seed,
    temperature,
    topP: body.top_p ?? 1,
    topK: Math.max(0, body.top_k ?? 0),
    stop: listOf(body.stop),
    frequencyPenalty: body.frequency_penalty ?? 0,
    presencePenalty: body.presence_penalty ?? 0,
    repetitionPenalty: body.repetition_penalty ?? 1,
    logitBias: body.logit_bias ?? {},
    ...service.vectors.steering(body.model, body.steering),
  };
}

const unsupported = (param: string, message: string) =>
  new ApiError(400, 'unsupported_parameter', message, { param });

/** /v1/completions and its kin; `inChat` answers as a conversation would be. */
export async function askedText(
  body: CompletionBody,
  service: Service,
  inChat = false,
): Promise<Asked> {
  const { model, tokenizer } = service;
  const options = commonOptions(body, service);
  if ((body.best_of ?? options.n) !== options.n) {
    throw unsupported('best_of', 'best_of is not supported: ask for n and choose.');
  }
  if (body.echo && body.logprobs !== undefined) {
    throw unsupported('echo', 'echo with logprobs is not supported: prompts get no logprobs.');
  }
  const suffix = body.suffix ?? '';
  const given = promptsOf(body.prompt);
  const texts = given.map((one) => (typeof one === 'string' ? one : tokenizer.decode(one)));
  const infill = texts.map((prefix) => ({ prefix, suffix }));
  const prompts =
    suffix === ''
      ? given.map((one) => (typeof one === 'string' ? tokenizer.encode(one) : one))
      : model.encode({ infill });
  const language = body.scan?.language ?? languageOfTag(body.extra?.language ?? '');
  const heading = { model: body.model, fingerprint: service.fingerprint };
  const echo = body.echo ? (choice: number) => texts[Math.floor(choice / options.n)]! : undefined;
  return {
    job: {
      prompts,
      options: {
        ...options,
        eosIds: model.endIds(suffix === '' ? { tokens: [] } : { infill }),
        maxNewTokens: service.room(prompts, body.max_tokens ?? 16),
        ...(body.logprobs !== undefined && { logprobs: body.logprobs }),
      },
      ...(await scanningOf(service, body.scan?.policy, (scanner, text, prompt) =>
        scanner.code(
          text,
          { before: texts[prompt]!, after: suffix },
          language ?? service.scanLanguage,
        ),
      )),
    },
    form: inChat ? chatForm(heading) : textForm(heading, echo),
    stream: body.stream ?? false,
    usage: body.stream_options?.include_usage ?? false,
    model: body.model,
    prompts: texts,
  };
}

function promptsOf(prompt: CompletionBody['prompt']): (string | number[])[] {
  if (typeof prompt === 'string') return [prompt];
  const many = prompt.every((one): one is string & number[] => typeof one !== 'number');
  return many ? prompt : [prompt as number[]];
}

/** /v1/chat/completions */
export async function askedChat(body: ChatBody, service: Service): Promise<Asked> {
  const { model } = service;
  const messages = body.messages.map(({ role, content }) => ({
    role: role === 'developer' ? ('system' as const) : role,
    content,
  }));
  const prompts = model.encode({ messages });
  const { max_completion_tokens: most = body.max_tokens, scan } = body;
  return {
    job: {
      prompts,
      options: {
        ...commonOptions(body, service),
        eosIds: model.endIds({ messages }),
        maxNewTokens: service.room(prompts, most),
        ...(body.logprobs && { logprobs: body.top_logprobs ?? 0 }),
      },
      ...(await scanningOf(service, scan?.policy, (scanner, text) =>
        scanner.answer(text, scan?.language ?? service.scanLanguage),
      )),
    },
    form: chatForm({ model: body.model, fingerprint: service.fingerprint }),
    stream: body.stream ?? false,
    usage: body.stream_options?.include_usage ?? false,
    model: body.model,
    prompts: messages.map(({ role, content }) => `${role}: ${content}`),
  };
}

/** llama.cpp's /infill, with the defaults that it has there. */
export async function askedInfill(body: InfillBody, service: Service): Promise<Asked> {
  const { model } = service;
  const name = body.model ?? service.defaultModel;
  const suffix = body.input_suffix;
  const surroundings: Surroundings = {
    before: body.input_prefix + (body.prompt ?? ''),
    after: suffix,
  };
  const extra = (body.input_extra ?? []).map(({ text }) => text);
  const prompts = fitting(extra, surroundings, service);
  const infill = { prefix: surroundings.before, suffix };
  const eosIds = model.endIds({ infill });
  const { n_predict: most = -1, seed = randomInt(2 ** 31), t_max_predict_ms: time } = body;
  return {
    job: {
      prompts,
      options: {
        n: 1,
        seed,
        temperature: body.temperature ?? 0.8,
        topP: body.top_p ?? 0.95,
        topK: Math.max(0, body.top_k ?? 40),
        stop: listOf(body.stop),
        repetitionPenalty: body.repeat_penalty ?? 1,
        logitBias: Object.fromEntries(
          (body.logit_bias ?? []).map(([id, bias]) => [
            id,
            bias === false ? Number.NEGATIVE_INFINITY : bias,
          ]),
        ),
        ...service.vectors.steering(name, body.steering),
        eosIds,
        maxNewTokens: service.room(prompts, most < 0 ? undefined : most),
        processors: time && time > 0 && eosIds.length > 0 ? [hurry(time, eosIds, service)] : [],
      },
      ...(await scanningOf(service, body.scan?.policy, (scanner, text) =>
        scanner.code(text, surroundings, body.scan?.language ?? service.scanLanguage),
      )),
    },
    form: infillForm(
      { model: name, fingerprint: service.fingerprint },
      prompts[0]!.length,
      body.response_fields,
    ),
    stream: body.stream ?? false,
    usage: false,
    model: name,
    prompts: [surroundings.before],
  };
}

/** The prompt with as many of the latest other pieces of code before it as there is room for. */
function fitting(
  extra: readonly string[],
  { before, after: suffix }: Surroundings,
  service: Service,
): number[][] {
  const context = service.model.config.maxPositions;
  const encode = (some: readonly string[]) =>
    service.model.encode({ infill: { prefix: [...some, before].join('\n'), suffix } });
  for (let from = 0; from < extra.length; from++) {
    const prompts = encode(extra.slice(from));
    if (prompts[0]!.length <= context / 2) return prompts;
  }
  return encode([]);
}

/** Ends a completion that has a whole line once its time is over, counted from its first token. */
function hurry(ms: number, eosIds: readonly number[], { tokenizer }: Service): LogitsProcessor {
  let began: number | undefined;
  return (logits, { tokens }) => {
    began ??= performance.now();
    if (performance.now() - began < ms || !tokenizer.decode(tokens).includes('\n')) return;
    logits.fill(Number.NEGATIVE_INFINITY);
    logits[eosIds[0]!] = 0;
  };
}

type ScannerOf = Awaited<ReturnType<Service['scanner']>>;

/** The part of a job that is about scanning; the scanner is there only where it is wanted. */
async function scanningOf(
  service: Service,
  asked: ScanPolicy | undefined,
  scan: (scanner: ScannerOf, text: string, prompt: number) => Scanned,
): Promise<Pick<Job, 'policy' | 'scan'>> {
  const policy = service.policy(asked);
  if (policy === 'off') return { policy, scan: () => ({ languages: [], findings: [] }) };
  const scanner = await service.scanner();
  return { policy, scan: (text, prompt) => scan(scanner, text, prompt) };
}
