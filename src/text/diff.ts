/**
 * Which tokens of two sequences are not in their longest common subsequence: what was deleted from the one
 * and added to the other.
 *
 * A side of which nothing is left over (the other only adds) would have no place to be read at.
 * There the tokens are taken that follow what the other adds, or the last one at the end.
 */
export function changedTokens(
  a: readonly number[],
  b: readonly number[],
): { a: number[]; b: number[] } {
  const matches = commonTokens(a, b);
  const inA = leftOver(a.length, new Set(matches.map(([i]) => i)));
  const inB = leftOver(b.length, new Set(matches.map(([, j]) => j)));
  return {
    a:
      inA.length > 0
        ? inA
        : following(
            inB,
            matches.map(([i, j]): Match => [j, i]),
            a.length,
          ),
    b: inB.length > 0 ? inB : following(inA, matches, b.length),
  };
}

/** Places of one token in both sequences. */
export type Match = readonly [number, number];

/** Cells of the table in which a longest common subsequence is sought: bounds it to 256 MiB. */
const CELLS = 2 ** 26;

/**
 * A longest common subsequence: where its tokens stand in both sequences, in order. What lies between
 * the shared beginning and the shared end is not searched where it is longer than 8000 tokens on
 * both sides: it then has none.
 */
export function commonTokens(a: readonly number[], b: readonly number[]): Match[] {
  let before = 0;
  while (before < Math.min(a.length, b.length) && a[before] === b[before]) before++;
  let after = 0;
  const rest = Math.min(a.length, b.length) - before;
  while (after < rest && a[a.length - 1 - after] === b[b.length - 1 - after]) after++;
  const middle = commonOf(a.slice(before, a.length - after), b.slice(before, b.length - after));
  const range = (length: number) => Array.from({ length }, (_, i) => i);
  return [
    ...range(before).map((i): Match => [i, i]),
    ...middle.map(([i, j]): Match => [i + before, j + before]),
    ...range(after).map((k): Match => [a.length - after + k, b.length - after + k]),
  ];
}

/** Places that a longest common subsequence matches, in order. */
function commonOf(a: readonly number[], b: readonly number[]): Match[] {
  const width = b.length + 1;
  if ((a.length + 1) * width > CELLS) return [];
  // Length of the longest one of the rests a[i..], b[j..].
  const length = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      length[i * width + j] =
        a[i] === b[j]
          ? length[(i + 1) * width + j + 1]! + 1
          : Math.max(length[(i + 1) * width + j]!, length[i * width + j + 1]!);
    }
  }
  const places: Match[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) places.push([i++, j++]);
    else if (length[(i + 1) * width + j]! >= length[i * width + j + 1]!) i++;
    else j++;
  }
  return places;
}

const leftOver = (length: number, matched: ReadonlySet<number>): number[] =>
  Array.from({ length }, (_, i) => i).filter((i) => !matched.has(i));

/** Where, on the other side, what comes after each run of `added` tokens stands. */
function following(added: readonly number[], matches: readonly Match[], length: number): number[] {
  const places = added.map((at) => matches.find(([here]) => here > at)?.[1] ?? length - 1);
  return [...new Set(places)];
}
