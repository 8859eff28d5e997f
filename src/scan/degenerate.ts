/** A run that repeats this many tokens in all is no accident. */
const MIN_REPEATED = 24;
const MIN_ROUNDS = 4;
const MAX_PERIOD = 80;

/**
 * Whether a generated text is no attempt at code at all: empty, without any code, or stuck in a
 * repetition that takes up most of it.
 *
 * @example
 * degenerate('int x = 1;\n'.repeat(20)); // true
 */
export function degenerate(text: string): boolean {
  const tokens = text.match(/\w+|[^\w\s]/g) ?? [];
  // Prose has commas and full stops, code has more.
  if (!tokens.some((token) => /^(?:[()=;{}[\]]|return|pass|raise|import)$/.test(token)))
    return true;
  if (!tokens.some((token) => /\w/.test(token))) return true;
  for (let period = 1; period <= Math.min(MAX_PERIOD, tokens.length / MIN_ROUNDS); period++) {
    let run = 0;
    let longest = 0;
    for (let at = period; at < tokens.length; at++) {
      run = tokens[at] === tokens[at - period] ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
    const repeated = longest + period;
    if (
      repeated >= MIN_REPEATED &&
      repeated >= MIN_ROUNDS * period &&
      repeated >= tokens.length / 2
    )
      return true;
  }
  return false;
}
