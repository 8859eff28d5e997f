import type { z } from 'zod';
import { SutureError } from '../../core/index.js';

/** Data as its schema wants it. @throws {SutureError} BAD_DATA with the place and what is wrong there */
export function checked<T>(schema: z.ZodType<T>, data: unknown, where: string): T {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join('.');
  throw new SutureError(
    'BAD_DATA',
    `${where} is not as it has to be: ${field ? `${field}: ` : ''}${issue?.message}.`,
    { cause: result.error },
  );
}
