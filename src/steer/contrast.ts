import { ensure } from '../core/index.js';
import type { Model } from '../engine/index.js';
import type { PromptPair } from '../evaluate/index.js';
import { difference, meanOf, norm } from '../tensor/index.js';

/**
 * Where activations are read: at the last prompt token (Surgical Repair, section 4), or at the
 * decision: the token before the first one in which the secure and the insecure body differ.
 */
export const SITES = ['last_prompt', 'decision'] as const;
export type Site = (typeof SITES)[number];

/** What one pair says about each layer: h(secure prompt) - h(insecure prompt), after each block. */
export interface Contrast {
  pair: PromptPair;
  /** By site, then layer: [d_model]. */
  differences: Record<Site, Float32Array[]>;
  /** Length of the residual stream under the insecure prompt, by site and layer. */
  norms: Record<Site, number[]>;
}

/** Rows of one forward pass; bounds the memory of a capture. */
const ROWS = 32;

/**
 * Reads both prompts of every pair. The secure prompt is followed by the opening that both
 * bodies share, and so is the insecure one: the decision is read in the same text under both.
 */
export async function readContrasts(
  model: Model,
  pairs: readonly PromptPair[],
): Promise<Contrast[]> {
  const rows = pairs.flatMap((pair) =>
    (['secure', 'insecure'] as const).map((intent) => {
      const messages = [{ role: 'user' as const, content: pair.prompts[intent] }];
      const [prompt] = model.encode({ messages });
      return { prompt: prompt!, ids: [...prompt!, ...sharedOpening(model, pair)] };
    }),
  );
  const read: Record<Site, Float32Array[]>[] = [];
  for (let from = 0; from < rows.length; from += ROWS) {
    const chunk = rows.slice(from, from + ROWS);
    const { cache } = await model.forward(
      chunk.map(({ ids }) => ids),
      { capture: ['blocks.*.hook_resid_post'], logits: 'last' },
    );
    for (const [i, { prompt, ids }] of chunk.entries()) {
      const at = (position: number) =>
        Array.from({ length: model.nLayers }, (_, layer) => {
          const { dims, data } = cache.get(`blocks.${layer}.hook_resid_post`)!; // [b, s, d_model]
          const [, s, d] = dims as [number, number, number];
          const start = (i * s + position) * d;
          return data.slice(start, start + d);
        });
      read.push({ last_prompt: at(prompt.length - 1), decision: at(ids.length - 1) });
    }
  }
  return pairs.map((pair, i) => {
    const secure = read[2 * i]!;
    const insecure = read[2 * i + 1]!;
    const bySite = <T>(f: (site: Site) => T) =>
      ({ last_prompt: f('last_prompt'), decision: f('decision') }) as const;
    return {
      pair,
      differences: bySite((site) =>
        secure[site].map((h, layer) => difference(h, insecure[site][layer]!)),
      ),
      norms: bySite((site) => insecure[site].map(norm)),
    };
  });
}

/** The tokens with which both bodies begin: none where they part at once, all of one that the other goes on from. */
function sharedOpening(model: Model, { bodies, id }: PromptPair): number[] {
  const encode = (text: string) => model.tokenizer!.encode(text, { addSpecialTokens: false });
  const secure = encode(bodies.secure);
  const insecure = encode(bodies.insecure);
  const longer = secure.length > insecure.length ? secure : insecure;
  const part = longer.findIndex((_, i) => secure[i] !== insecure[i]);
  ensure(part >= 0, 'BAD_DATA', `${id}: the secure and the insecure body do not differ.`);
  return secure.slice(0, part);
}

/** Mean-difference direction [d_model]: mean over pairs of h(secure) - h(insecure). Not normalised. */
export function meanDifference(
  contrasts: readonly Contrast[],
  site: Site,
  layer: number,
): Float32Array {
  return meanOf(contrasts.map(({ differences }) => differences[site][layer]!));
}
