import { figure, pValue, signed } from '../probe/verdict.js';
import type { ActingLayer } from '../verdict/evidence.js';
import type { PatchFindings } from './patch.js';

/** What patching shows, in words. */
export function patchVerdict(findings: PatchFindings): string[] {
  const { total, stream, direction, oneBlock, heads } = findings;
  if (total.p > 0.05) {
    return [
      `The two prompts are not shown to lead to different choices (logit differences ${figure(total)} apart, p = ${pValue(total.p)}): there is nothing to be moved.`,
    ];
  }
  const [block] = oneBlock.chosen;
  const best = heads.reduce((a, b) => (b.recovered.value > a.recovered.value ? b : a));
  return [
    `The prompts move the choice by ${signed(total.value, 2)} [${signed(total.low, 2)}, ${signed(total.high, 2)}] in logit difference (p = ${pValue(total.p)}).`,
    acts('The secure twin’s stream, put in at the decision,', stream),
    acts('The direction made from other bases, added there,', direction),
    `One block alone, chosen on the other bases (mostly ${block!.part} of layer ${block!.layer}), moves ${figure(oneBlock)} of it; the best single head, ${best.head} of layer ${best.layer} at "${best.place}", ${figure(best.recovered)} (chosen and judged on the same bases).`,
  ];
}

function acts(what: string, layers: readonly ActingLayer[]): string {
  const first = layers.find(({ beyondRandom: { value, p } }) => value > 0 && p <= 0.05);
  const last = layers.at(-1)!;
  return first === undefined
    ? `${what} is not shown to act at any layer beyond random vectors of its norm (last layer ${figure(last.recovered)}, random ${figure(last.random)}).`
    : `${what} acts from layer ${first.layer} on: ${figure(first.recovered)} of the way (random vectors of its norm ${figure(first.random)}, p = ${pValue(first.beyondRandom.p)}); at the last layer ${figure(last.recovered)}.`;
}
