import { commonTokens } from '../../text/index.js';

/**
 * Kinds of places of a prompt that is followed by the opening of its body, as far as the twins can differ
 * there: what comes before the first changed token is the same in both.
 *
 * `changed`: tokens that differ. `between`: the same tokens in both, behind the first change. `last_prompt`: the
 * prompt's last token. `opening`: the body's, but for its last. `decision`: the token before the bodies part.
 */
export const PLACES = ['changed', 'between', 'last_prompt', 'opening', 'decision'] as const;
export type Place = (typeof PLACES)[number];

/** A place of one sequence, and the one of its twin that it is compared with. */
export interface Aligned {
  place: Place;
  own: number;
  twin: number;
}

/**
 * Which token of a twin stands for which. Tokens in both (a longest common subsequence) stand for each other; of a run
 * of changed tokens the last stands for the last of the twin's run, and so on backwards, as far as both go.
 *
 * @param own,twin the prompts' tokens  @param opening length of what follows in both
 * @returns the aligned places, in order, and how many changed tokens of `own` have no counterpart
 */
export function align(
  own: readonly number[],
  twin: readonly number[],
  opening: number,
): { aligned: Aligned[]; unaligned: number } {
  const matches = commonTokens(own, twin);
  const aligned: Aligned[] = [];
  let unaligned = 0;
  let differs = false;
  let [i, j] = [0, 0];
  // The runs between matches, and one behind the last.
  for (const [a, b] of [...matches, [own.length, twin.length] as const]) {
    const run = Math.min(a - i, b - j);
    unaligned += a - i - run;
    for (let k = run; k > 0; k--) aligned.push({ place: 'changed', own: a - k, twin: b - k });
    differs ||= a > i || b > j;
    if (a < own.length && differs) aligned.push({ place: 'between', own: a, twin: b });
    [i, j] = [a + 1, b + 1];
  }
  const last = aligned.at(-1);
  if (last?.own === own.length - 1 && last.twin === twin.length - 1) last.place = 'last_prompt';
  for (let k = 0; k < opening; k++) {
    const place = k === opening - 1 ? 'decision' : 'opening';
    aligned.push({ place, own: own.length + k, twin: twin.length + k });
  }
  // Without an opening the decision is made at the prompt's last token.
  if (opening === 0 && aligned.length > 0) aligned.at(-1)!.place = 'decision';
  return { aligned, unaligned };
}
