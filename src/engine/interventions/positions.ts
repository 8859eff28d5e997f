import { ensure, SutureError } from '../../core/index.js';

const WORDS = ['all', 'last_prompt', 'generated', 'last_prompt_and_generated'] as const;
type Word = (typeof WORDS)[number];

/**
 * Which positions an intervention acts on. Words: every position; the last token of the prompt;
 * generated tokens; both of the last. Numbers are positions of the prompt, negative ones from its end.
 */
export type Positions = Word | readonly number[];

/** @throws {SutureError} BAD_ARGUMENT for what is neither a word nor a list */
export function checkPositions(positions: Positions, where: string): void {
  ensure(
    Array.isArray(positions) || WORDS.includes(positions as Word),
    'BAD_ARGUMENT',
    `${where}: positions must be one of ${WORDS.join(', ')} or a list of numbers; got ${JSON.stringify(positions)}.`,
  );
}

/**
 * Listed positions as indices into a sequence.
 * @throws {SutureError} BAD_ARGUMENT for one that it does not have
 */
export function resolvePositions(positions: readonly number[], length: number): number[] {
  return positions.map((position) => {
    const index = position < 0 ? position + length : position;
    if (!Number.isInteger(index) || index < 0 || index >= length) {
      throw new SutureError(
        'BAD_ARGUMENT',
        `Position ${position} is outside the prompt, which has ${length} tokens (0 to ${length - 1}).`,
      );
    }
    return index;
  });
}

/** The first of them that is in the prompt; its length where none is. */
export function firstPosition(positions: Positions, promptLength: number): number {
  switch (positions) {
    case 'all':
      return 0;
    case 'generated':
      return promptLength;
    case 'last_prompt':
    case 'last_prompt_and_generated':
      return promptLength - 1;
    default:
      return Math.min(promptLength, ...resolvePositions(positions, promptLength));
  }
}

/**
 * From a position of a sequence to the place that it has in the list, 0 where a word covers it, or
 * -1 where it is not meant.
 */
export function positionFinder(
  positions: Positions,
  promptLength: number,
): (position: number) => number {
  if (typeof positions !== 'string') {
    const listed = resolvePositions(positions, promptLength);
    return (position) => listed.indexOf(position);
  }
  return (position) => (covers(positions, position, promptLength) ? 0 : -1);
}

function covers(word: Word, position: number, promptLength: number): boolean {
  switch (word) {
    case 'all':
      return true;
    case 'last_prompt':
      return position === promptLength - 1;
    case 'generated':
      return position >= promptLength;
    case 'last_prompt_and_generated':
      return position >= promptLength - 1;
  }
}
