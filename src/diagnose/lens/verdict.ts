import { figure, pValue } from '../probe/verdict.js';
import type { Parting } from './analyse.js';
import type { LensFindings } from './lens.js';

/** What a lens shows, in words. */
export function lensVerdict({ prompts, contrast }: LensFindings): string[] {
  const kinds = Object.entries(prompts).map(([intent, { depths, parting }]) => {
    const last = depths.at(-1)!;
    const ends = `the logit of the secure continuation minus that of the insecure one ends at ${figure(last.difference)}`;
    return parting.ahead === undefined
      ? `Under ${intent} prompts the two do not part: ${ends}.`
      : `Under ${intent} prompts the ${parting.ahead} continuation is ahead from ${layerOf(parting)} on: ${ends}.`;
  });
  const last = contrast.depths.at(-1)!;
  const shown = contrast.depths.filter(({ difference, p }) => difference.low > 0 && p <= 0.05);
  const first = shown[0];
  const told =
    first === undefined
      ? `What the prompt asks for is not shown to move the choice at any layer (after the last ${figure(last.difference)}; unrelated tokens ${figure(last.control)}; p = ${pValue(last.p)}).`
      : `What the prompt asks for moves the choice from ${depthName(first.layer)} on (${figure(first.difference)}; unrelated tokens ${figure(first.control)}; p = ${pValue(first.p)}) and by ${figure(last.difference)} in the end.`;
  return [...kinds, told];
}

/** A depth of the residual stream in words: -1 is the embeddings. */
export const depthName = (layer: number): string =>
  layer < 0 ? 'the embeddings' : `layer ${layer}`;

function layerOf({ layer, interval }: Parting): string {
  const { low, high } = interval!;
  const between = low === high ? '' : ` (95 % of draws: ${depthName(low)} to ${depthName(high)})`;
  return `${depthName(layer!)}${between}`;
}
