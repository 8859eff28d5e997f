import { z } from 'zod';
import { GRAMMARS } from '../scan/index.js';
import { ApiError, bodyError } from './errors.js';

/** Clients write null for what they leave out. */
const optional = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value): z.infer<T> | undefined => value ?? undefined);

const POSITIONS = ['all', 'last_prompt', 'generated', 'last_prompt_and_generated'] as const;

/** One vector of a request. */
const steeringSchema = z.strictObject({
  /** As it was registered. */
  name: z.string(),
  /** Multiple of the vector; by default the one it was evaluated at. */
  scale: optional(z.number()),
  /** Blocks after which it is added, negative ones from the end; by default its own. */
  layers: optional(z.array(z.int()).min(1).max(1024)),
  /** By default its own. */
  positions: optional(z.union([z.enum(POSITIONS), z.array(z.int()).min(1).max(4096)])),
});
export type SteeringRequest = z.infer<typeof steeringSchema>;

export const SCAN_POLICIES = ['off', 'annotate', 'block', 'regenerate'] as const;
export type ScanPolicy = (typeof SCAN_POLICIES)[number];

/** What the scanner is to do with completions; by default what the server was started with. */
const scanSchema = z.strictObject({
  policy: optional(z.enum(SCAN_POLICIES)),
  /** Of text that is not in a fenced block which names its own. */
  language: optional(z.enum(GRAMMARS)),
});

const logitBias = z.record(z.string().regex(/^\d+$/), z.number().min(-100).max(100));

const sampling = {
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().gt(0).max(1)),
  /** 0 and less: all. */
  top_k: optional(z.int()),
  seed: optional(z.int()),
  stop: optional(z.union([z.string(), z.array(z.string().max(1024)).max(64)])),
  stream: optional(z.boolean()),
};

/** What completions of text and conversations have in common. */
const shared = {
  ...sampling,
  model: z.string().max(512),
  n: optional(z.int().min(1).max(64)),
  max_tokens: optional(z.int().min(1)),
  frequency_penalty: optional(z.number().min(-2).max(2)),
  presence_penalty: optional(z.number().min(-2).max(2)),
  repetition_penalty: optional(z.number().gt(0)),
  logit_bias: optional(logitBias),
  stream_options: optional(z.looseObject({ include_usage: optional(z.boolean()) })),
  steering: optional(z.array(steeringSchema).max(16)),
  scan: optional(scanSchema),
};

const tokens = z.array(z.int().min(0)).min(1);

const completionSchema = z.looseObject({
  ...shared,
  prompt: z.union([
    z.string(),
    z.array(z.string()).min(1).max(64),
    tokens,
    z.array(tokens).min(1).max(64),
  ]),
  /** Asks for what lies between the prompt and this, where the model was trained for it. */
  suffix: optional(z.string()),
  echo: optional(z.boolean()),
  best_of: optional(z.int()),
  logprobs: optional(z.int().min(0).max(20)),
  /** Copilot's: the language of the file. */
  extra: optional(z.looseObject({ language: optional(z.string()) })),
});
export type CompletionBody = z.infer<typeof completionSchema>;

const content = z.union([
  z.string(),
  z
    .array(z.object({ type: z.literal('text'), text: z.string() }))
    .transform((parts) => parts.map(({ text }) => text).join('')),
]);

const chatSchema = z.looseObject({
  ...shared,
  messages: z
    .array(z.looseObject({ role: z.enum(['system', 'developer', 'user', 'assistant']), content }))
    .min(1)
    .max(4096),
  max_completion_tokens: optional(z.int().min(1)),
  logprobs: optional(z.boolean()),
  top_logprobs: optional(z.int().min(0).max(20)),
});
export type ChatBody = z.infer<typeof chatSchema>;

const embeddingSchema = z.looseObject({
  model: z.string().max(512),
  input: z.union([
    z.string(),
    z.array(z.string()).min(1).max(2048),
    tokens,
    z.array(tokens).min(1).max(2048),
  ]),
  encoding_format: optional(z.enum(['float', 'base64'])),
  /** A hook of the residual stream; by default the output of the last block. */
  hook: optional(z.string()),
  /** Over the tokens of an input. */
  pooling: optional(z.enum(['mean', 'last'])),
});
export type EmbeddingBody = z.infer<typeof embeddingSchema>;

/** The native request of llama.cpp's server, as llama.vim and llama.vscode send it. */
const infillSchema = z.looseObject({
  ...sampling,
  model: optional(z.string().max(512)),
  input_prefix: z.string(),
  input_suffix: z.string(),
  input_extra: optional(z.array(z.looseObject({ text: z.string() })).max(1024)),
  /** The line before the cursor. */
  prompt: optional(z.string()),
  /** 0 asks for nothing but that the prompt be taken in; negative for as much as there may be. */
  n_predict: optional(z.int()),
  repeat_penalty: optional(z.number().gt(0)),
  logit_bias: optional(z.array(z.tuple([z.int().min(0), z.union([z.number(), z.literal(false)])]))),
  /** After so many ms it ends at the next token, if there is a line by then. */
  t_max_predict_ms: optional(z.int()),
  response_fields: optional(z.array(z.string()).max(64)),
  steering: optional(z.array(steeringSchema).max(16)),
  scan: optional(scanSchema),
});
export type InfillBody = z.infer<typeof infillSchema>;

/** Fields that would change what is written, and that this server does not know. */
const REFUSED = [
  'tools',
  'functions',
  'audio',
  'grammar',
  'json_schema',
  'guided_json',
  'guided_regex',
  'guided_choice',
  'guided_grammar',
  'dimensions',
];

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0);

function refuseUnsupported(body: unknown): void {
  const fields = new Map(Object.entries((body ?? {}) as Record<string, unknown>));
  const format = fields.get('response_format') as { type?: unknown } | null | undefined;
  const refused =
    REFUSED.find((name) => !isEmpty(fields.get(name))) ??
    (format && format.type !== 'text' ? 'response_format' : undefined);
  if (refused === undefined) return;
  throw new ApiError(
    400,
    'unsupported_parameter',
    `This server does not support "${refused}": leave it out.`,
    { param: refused },
  );
}

const parser =
  <T>(schema: z.ZodType<T>) =>
  (body: unknown): T => {
    refuseUnsupported(body);
    const parsed = schema.safeParse(body);
    if (!parsed.success) throw bodyError(parsed.error);
    return parsed.data;
  };

export const parseCompletion = parser(completionSchema);
export const parseChat = parser(chatSchema);
export const parseEmbedding = parser(embeddingSchema);
export const parseInfill = parser(infillSchema);
