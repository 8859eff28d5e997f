import { z } from 'zod';
import { readJsonLines } from '../../core/index.js';
import type { TextCodec } from '../../text/index.js';

/** What a model is to stay good at: an answer, and what is asked for before it. */
export interface OrdinaryAnswer {
  /** None for a text of its own. */
  prompt: string | undefined;
  completion: string;
}

const TEXT = z.string().min(1);
const ROW = z.union([
  z.looseObject({ completion: TEXT, prompt: TEXT.optional() }),
  z.looseObject({ text: TEXT }),
]);

/**
 * Answers from a JSONL file, whose rows have `prompt` and `completion`, or `text`.
 *
 * @throws {SutureError} NOT_FOUND, DISK; BAD_DATA naming the line
 * @example
 * const utility = readAnswers('ordinary.jsonl');
 */
export const readAnswers = (path: string): OrdinaryAnswer[] =>
  readJsonLines(path, ROW, 'text').map((row) =>
    'text' in row
      ? { prompt: undefined, completion: row.text as string }
      : { prompt: row.prompt as string | undefined, completion: row.completion as string },
  );

/** An answer as tokens. */
export interface AnswerSample {
  side: 'utility';
  ids: readonly number[];
  /** Which of `ids` are the answer, its end included. */
  changed: readonly boolean[];
}

/**
 * Answers as tokens, each with the end-of-sequence token. A prompt goes through the chat template where the model
 * has one, and stands before the answer as it is where it has none.
 */
export function answerSamples(
  codec: TextCodec,
  answers: readonly OrdinaryAnswer[],
  { maxTokens }: { maxTokens: number },
): { samples: AnswerSample[]; tooLong: number } {
  const all = answers.map(({ prompt, completion }): AnswerSample => {
    const asked = prompt === undefined ? [] : promptTokens(codec, prompt);
    const answer = codec.encode(completion, { addSpecialTokens: asked.length === 0 });
    const ids = [...asked, ...answer, ...codec.eosIds.slice(0, 1)];
    return { side: 'utility', ids, changed: ids.map((_, i) => i >= asked.length) };
  });
  const samples = all.filter(({ ids }) => ids.length <= maxTokens && ids.length > 1);
  return { samples, tooLong: all.length - samples.length };
}

const promptTokens = (codec: TextCodec, prompt: string): number[] =>
  codec.chatTemplate === undefined
    ? codec.encode(prompt)
    : codec.applyChatTemplate([{ role: 'user', content: prompt }]);
