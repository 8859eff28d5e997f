import { z } from 'zod';
import { readJsonLines } from '../../core/index.js';
import { CWES } from '../../scan/index.js';
import type { PromptPair, ReviewItem } from '../tasks.js';

const text = z.string().min(1);
const language = z.enum(['c', 'python']);

const pair = z.object({
  id: text,
  cwe: z.enum(CWES),
  base: text,
  form: text,
  split: z.enum(['derive', 'judge']),
  language,
  prompts: z.object({ insecure: text, secure: text, neutral: text }),
  bodies: z.object({ insecure: text, secure: text }),
  context: z.object({ before: z.string(), after: z.string() }),
});

const item = z.object({
  id: text,
  cwe: z.enum(CWES),
  base: text,
  language,
  prompt: text,
  answer: z.string().default(''),
  insecure: z.boolean(),
  misleading: z.boolean().default(false),
});

/**
 * Prompt pairs from a JSONL file with all their fields (docs/prompts.md).
 * @throws {SutureError} NOT_FOUND, DISK; BAD_DATA naming the line and the field
 */
export const readPairs = (path: string): PromptPair[] => readJsonLines(path, pair, 'pair');

/**
 * Snippets to be reviewed, from a JSONL file (docs/prompts.md).
 * @throws {SutureError} as `readPairs`
 */
export const readReviewItems = (path: string): ReviewItem[] => readJsonLines(path, item, 'snippet');
