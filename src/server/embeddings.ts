import { hookKind, matchHooks } from '../models/index.js';
import type { Ticket } from './admission.js';
import type { EmbeddingBody } from './bodies.js';
import { ApiError } from './errors.js';
import type { Service } from './service.js';

/** Tokens, padding included, that one pass reads: bounds its memory. */
const PASS_TOKENS = 2048;

/**
 * The residual stream at a hook, pooled over the tokens of each input and not normalised.
 *
 * @throws {ApiError} 400 for a hook that is none of the residual stream, or the gate's model
 */
export async function embeddings(body: EmbeddingBody, service: Service, ticket: Ticket) {
  const { model, tokenizer } = service;
  const { hook: named = 'blocks.-1.hook_resid_post', pooling = 'mean' } = body;
  const { interventions, gate } = service.vectors.steering(body.model);
  if (gate) {
    const message = `"${body.model}" decides where a completion begins, and here is none: name another model.`;
    throw new ApiError(400, 'invalid_value', message, { param: 'model' });
  }
  const [hook, ...others] = matchHooks(named, model.config);
  if (!hook || others.length > 0 || hookKind(hook) !== 'stream') {
    const message = `"${named}" is not one hook of the residual stream, such as blocks.0.hook_resid_post.`;
    throw new ApiError(400, 'invalid_value', message, { param: 'hook' });
  }
  const inputs = inputsOf(body.input).map((one) =>
    typeof one === 'string' ? tokenizer.encode(one) : one,
  );
  service.room(inputs);
  const data: { object: 'embedding'; index: number; embedding: number[] | string }[] = [];
  let from = 0;
  while (from < inputs.length) {
    const rows = pass(inputs, from);
    ticket.signal.throwIfAborted();
    const { cache } = await model.forward(rows, { capture: [hook], logits: [], interventions });
    const { dims, data: values } = cache.get(hook)!; // [b, s, d_model]
    const [, s, d] = dims as [number, number, number];
    for (const [i, { length }] of rows.entries()) {
      const vectors = values.subarray(i * s * d, (i * s + length) * d);
      const pooled = pooling === 'last' ? vectors.slice(-d) : meanOfRows(vectors, d);
      const embedding =
        body.encoding_format === 'base64'
          ? Buffer.from(pooled.buffer, pooled.byteOffset, pooled.byteLength).toString('base64')
          : [...pooled];
      data.push({ object: 'embedding', index: from + i, embedding });
    }
    from += rows.length;
  }
  const prompt_tokens = inputs.reduce((sum, { length }) => sum + length, 0);
  const usage = { prompt_tokens, total_tokens: prompt_tokens };
  return { object: 'list', data, model: body.model, usage };
}

function inputsOf(input: EmbeddingBody['input']): (string | number[])[] {
  if (typeof input === 'string') return [input];
  const many = input.every((one): one is string & number[] => typeof one !== 'number');
  return many ? input : [input as number[]];
}

/** The next inputs that fit into one pass; one at least. */
function pass(inputs: readonly number[][], from: number): number[][] {
  const rows: number[][] = [];
  let longest = 0;
  for (const ids of inputs.slice(from)) {
    longest = Math.max(longest, ids.length);
    if (rows.length > 0 && (rows.length + 1) * longest > PASS_TOKENS) break;
    rows.push(ids);
  }
  return rows;
}

/** Mean of [n, d], as [d]. */
function meanOfRows(rows: Float32Array, d: number): Float32Array {
  const mean = new Float64Array(d);
  for (let i = 0; i < rows.length; i++) mean[i % d]! += rows[i]!;
  return Float32Array.from(mean, (sum) => sum / (rows.length / d));
}
