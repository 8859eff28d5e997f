import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { z } from 'zod';
import { SutureError } from '../core/index.js';

/** A refusal as OpenAI's clients know it: `{ error: { message, type, param, code } }`. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: ContentfulStatusCode;
  /** Stable, for programs. */
  readonly code: string;
  /** The field of the body that is meant. */
  readonly param: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ContentfulStatusCode,
    code: string,
    message: string,
    options: { param?: string; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.status = status;
    this.code = code;
    this.param = options.param;
    this.headers = options.headers ?? {};
  }

  body() {
    const { message, param = null, code } = this;
    return { error: { message, type: typeOf(this.status), param, code } };
  }
}

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status < 500 ? 'invalid_request_error' : 'server_error';
}

/** Faults of a request, among those that the engine and the vectors report. */
const CLIENT_FAULTS = new Set(['BAD_ARGUMENT', 'BAD_VECTOR', 'BAD_CHECKPOINT', 'UNSUPPORTED']);

/** What was thrown, as a refusal. Faults of Suture itself are not told to strangers. */
export function apiErrorOf(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof SutureError) {
    const { code, message } = thrown;
    const status = CLIENT_FAULTS.has(code) ? 400 : 500;
    return new ApiError(status, code.toLowerCase(), message, { cause: thrown });
  }
  const message = 'Something went wrong in Suture itself; the log of the server says what.';
  return new ApiError(500, 'internal', message, { cause: thrown });
}

/** What a client is told of what was thrown; a fault of Suture itself goes to standard error whole. */
export function reported(thrown: unknown): ApiError {
  const error = apiErrorOf(thrown);
  if (error.code === 'internal') console.error(thrown);
  return error;
}

/** The first thing that is wrong with a body. */
export function bodyError(error: z.ZodError): ApiError {
  const issue = error.issues[0]!;
  const param = issue.path.join('.');
  const where = param === '' ? '' : `${param}: `;
  return new ApiError(400, 'invalid_value', `${where}${issue.message}.`, {
    ...(param !== '' && { param }),
    cause: error,
  });
}
