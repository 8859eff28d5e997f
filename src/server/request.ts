import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { ApiError } from './errors.js';

/** Bodies of at most so many bytes. */
export const limited = (maxSize: number): MiddlewareHandler =>
  bodyLimit({
    maxSize,
    onError: () => {
      throw new ApiError(413, 'body_too_large', `The body has more than ${maxSize} bytes.`, {
        headers: { Connection: 'close' },
      });
    },
  });

/** The body, which must say that it is JSON: a form that a foreign page sends cannot. */
export async function json(c: Context): Promise<Record<string, unknown>> {
  if (!/^application\/json\b/i.test(c.req.header('Content-Type') ?? '')) {
    throw new ApiError(415, 'unsupported_media_type', 'Send the body as application/json.');
  }
  const bytes = await c.req.arrayBuffer();
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ApiError(400, 'invalid_json', 'The body is not JSON in UTF-8.', { cause });
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ApiError(400, 'invalid_json', 'The body is not a JSON object.');
  }
  return body as Record<string, unknown>;
}
