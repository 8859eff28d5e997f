import type { z } from 'zod';
import { messageOf, SutureError } from './errors.js';
import { readText } from './files.js';

/**
 * The values of a JSONL file, one on each line; empty lines are skipped.
 *
 * @param what a value is called in messages: `pair`
 * @throws {SutureError} NOT_FOUND, DISK; BAD_DATA naming the line and the field
 */
export function readJsonLines<T>(path: string, schema: z.ZodType<T>, what: string): T[] {
  const lines = readText(path)
    .replace(/^\uFEFF/, '')
    .split('\n');
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    const where = `${path}, line ${i + 1}`;
    let data: unknown;
    try {
      data = JSON.parse(line);
    } catch (thrown) {
      throw new SutureError('BAD_DATA', `${where} is not valid JSON: ${messageOf(thrown)}.`, {
        cause: thrown,
      });
    }
    const result = schema.safeParse(data);
    if (result.success) return [result.data];
    const issue = result.error.issues[0];
    throw new SutureError(
      'BAD_DATA',
      `${where} is not such a ${what}: ${issue?.path.join('.')}: ${issue?.message}.`,
      { cause: result.error },
    );
  });
}
