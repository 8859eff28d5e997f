/**
 * How often each token is in a row, whatever their order: what a lexical control sees.
 *
 * @param tokens [n] rows of ids
 * @returns [n, distinct tokens], in the order in which they come up first
 * @example
 * bagsOfTokens([[5, 7, 5], [7]]); // 2 1, 0 1
 */
export function bagsOfTokens(tokens: readonly (readonly number[])[]): Float32Array {
  const place = new Map([...new Set(tokens.flat())].map((token, i) => [token, i]));
  const bags = new Float32Array(tokens.length * place.size);
  for (const [row, own] of tokens.entries()) {
    for (const token of own) bags[row * place.size + place.get(token)!]!++;
  }
  return bags;
}
