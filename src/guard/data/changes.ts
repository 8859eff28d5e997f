import type { FunctionPair, Side, Span } from '../../evaluate/index.js';
import { commonTokens } from '../../text/index.js';

/** Which characters of both functions differ. */
export type Changes = Record<Side, readonly Span[]>;

/** Lines with their ends. */
const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** Identifiers and numbers, runs of blanks, and every other character for itself. */
const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}_]+|[^\S\n]+|[\s\S]/gu) ?? [];

/** Lines that are not in a longest common subsequence of both functions' lines, whole. */
export function changedLines({ vulnerable, secure }: Texts): Changes {
  const blocks = differences(linesOf(vulnerable), linesOf(secure));
  return {
    vulnerable: blocks.flatMap((block) => spanOf(block.vulnerable)),
    secure: blocks.flatMap((block) => spanOf(block.secure)),
  };
}

/**
 * Within each block of changed lines, the words that are not in a longest common subsequence of both
 * sides' words. Words and not letters: letters that two names share by chance say nothing.
 */
export function changedWords({ vulnerable, secure }: Texts): Changes {
  const changes = { vulnerable: [] as Span[], secure: [] as Span[] };
  for (const block of differences(linesOf(vulnerable), linesOf(secure))) {
    const words = (text: string, { start, end }: Span) => wordsOf(text.slice(start, end));
    const own = differences(words(vulnerable, block.vulnerable), words(secure, block.secure));
    for (const side of ['vulnerable', 'secure'] as const) {
      const from = block[side].start;
      const moved = own.flatMap((inner) => spanOf(inner[side]));
      for (const { start, end } of moved) {
        changes[side].push({ start: start + from, end: end + from });
      }
    }
  }
  return changes;
}

type Texts = Pick<FunctionPair, Side>;

const spanOf = (span: Span): Span[] => (span.end > span.start ? [span] : []);

/** The runs between what two sequences of pieces have in common, as spans of both texts. */
function differences(a: readonly string[], b: readonly string[]): Record<Side, Span>[] {
  const ids = new Map<string, number>();
  const idsOf = (pieces: readonly string[]) =>
    pieces.map((piece) => {
      const id = ids.get(piece) ?? ids.size;
      ids.set(piece, id);
      return id;
    });
  const matches = commonTokens(idsOf(a), idsOf(b));
  const [inA, inB] = [offsets(a), offsets(b)];
  const blocks: Record<Side, Span>[] = [];
  let [i, j] = [0, 0];
  for (const [nextA, nextB] of [...matches, [a.length, b.length] as const]) {
    if (nextA > i || nextB > j) {
      blocks.push({
        vulnerable: { start: inA[i]!, end: inA[nextA]! },
        secure: { start: inB[j]!, end: inB[nextB]! },
      });
    }
    [i, j] = [nextA + 1, nextB + 1];
  }
  return blocks;
}

/** Where each piece begins in the whole, and where the last one ends. */
function offsets(pieces: readonly string[]): number[] {
  const starts = [0];
  for (const piece of pieces) starts.push(starts.at(-1)! + piece.length);
  return starts;
}
