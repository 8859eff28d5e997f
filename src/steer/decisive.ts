import type { PromptPair } from '../evaluate/index.js';

/**
 * Texts that tell that the decision has been written: the first word in which the two bodies of a pair part, with the
 * sign behind it (`snprintf(`, `"%s"`), for every pair. A text that some body has before its decision tells
 * nothing, and is left out.
 *
 * @returns for an intervention's `until`; empty where no text tells
 * @example
 * decisiveTexts(pairs('CWE-787')); // [ 'snprintf(', 'sprintf(', 'strncat(', ... ]
 */
export function decisiveTexts(pairs: readonly PromptPair[]): string[] {
  const openings = new Set<string>();
  const texts = new Set<string>();
  for (const { bodies } of pairs) {
    const start = wordStart(bodies.secure, partingOf(bodies));
    openings.add(bodies.secure.slice(0, start));
    for (const body of [bodies.secure, bodies.insecure]) {
      const word = /^\W*\w+\W/.exec(body.slice(start))?.[0];
      if (word) texts.add(word);
    }
  }
  return [...texts].filter((text) => ![...openings].some((opening) => opening.includes(text)));
}

/** The first character in which the bodies differ. */
function partingOf({ secure, insecure }: PromptPair['bodies']): number {
  let at = 0;
  while (at < secure.length && secure[at] === insecure[at]) at++;
  return at;
}

/** Where the word begins that holds a place. */
function wordStart(text: string, at: number): number {
  while (at > 0 && /\w/.test(text[at - 1]!)) at--;
  return at;
}
