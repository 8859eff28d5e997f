import { ensure } from '../core/index.js';
import type { Model } from '../engine/index.js';
import type { Intent, PromptPair } from '../evaluate/index.js';
import { changedTokens } from '../text/index.js';
import type { Dictionary } from './dictionary.js';

/**
 * Where activations are read.
 *
 * - `last_prompt`: the last token of the prompt (Surgical Repair, section 4).
 * - `decision`: the token before the first one in which the secure and the insecure body differ.
 * - `changed`: mean over the tokens of the prompt in which it differs from its twin.
 * - `mean`: mean over the prompt's tokens but the first, at which many models keep a vector of huge norm.
 */
export const SITES = ['last_prompt', 'decision', 'changed', 'mean'] as const;
export type Site = (typeof SITES)[number];

/** The residual stream after each block under each prompt of a pair: by site, then layer, [d_model]. */
export interface Contrast extends Record<Intent, Record<Site, Float32Array[]>> {
  pair: PromptPair;
  /** With which its states are read as features, where there is one. */
  dictionary?: Dictionary | undefined;
}

const INTENTS = ['secure', 'insecure', 'neutral'] as const;

/** Rows of one forward pass; bounds the memory of a capture. */
const ROWS = 32;

/**
 * Reads the prompts of every pair at all layers and sites in one pass, each prompt followed by the opening that
 * both bodies share: the decision is read in the same text under all of them.
 *
 * @throws {SutureError} BAD_DATA where bodies, or the secure and the insecure prompt, do not differ
 */
export async function readContrasts(
  model: Model,
  pairs: readonly PromptPair[],
  dictionary?: Dictionary,
): Promise<Contrast[]> {
  ensure(
    dictionary === undefined ||
      (dictionary.dModel === model.dModel && dictionary.layer < model.nLayers),
    'BAD_ARGUMENT',
    `The sparse autoencoder is of ${dictionary?.dModel} values after block ${dictionary?.layer}; this model has d_model ${model.dModel} and ${model.nLayers} layers.`,
  );
  const rows = pairs.flatMap((pair) => {
    const prompts = INTENTS.map((intent) => {
      const messages = [{ role: 'user' as const, content: pair.prompts[intent] }];
      return model.encode({ messages })[0]!;
    }) as [number[], number[], number[]];
    const opening = sharedOpening(model, pair);
    return prompts.map((prompt, i) => {
      // The neutral prompt is compared with the insecure one, as the secure one is.
      const twin = prompts[i === 1 ? 0 : 1]!;
      const changed = changedTokens(prompt, twin).a;
      ensure(
        changed.length > 0 || i === 2,
        'BAD_DATA',
        `${pair.id}: the secure and the insecure prompt do not differ.`,
      );
      return { ids: [...prompt, ...opening], places: placesOf(prompt, opening, changed) };
    });
  });
  const read: Record<Site, Float32Array[]>[] = [];
  for (let from = 0; from < rows.length; from += ROWS) {
    const chunk = rows.slice(from, from + ROWS);
    const { cache } = await model.forward(
      chunk.map(({ ids }) => ids),
      { capture: ['blocks.*.hook_resid_post'], logits: 'last' },
    );
    for (const [i, { places }] of chunk.entries()) {
      const at = (positions: readonly number[]) =>
        Array.from({ length: model.nLayers }, (_, layer) => {
          const { dims, data } = cache.get(`blocks.${layer}.hook_resid_post`)!; // [b, s, d_model]
          const [, s, d] = dims as [number, number, number];
          return meanAt(data, i * s, d, positions);
        });
      read.push({
        last_prompt: at(places.last_prompt),
        decision: at(places.decision),
        changed: at(places.changed),
        mean: at(places.mean),
      });
    }
  }
  return pairs.map((pair, i) => ({
    pair,
    ...(dictionary && { dictionary }),
    secure: read[3 * i]!,
    insecure: read[3 * i + 1]!,
    neutral: read[3 * i + 2]!,
  }));
}

/** Which tokens are read at each site. */
function placesOf(
  prompt: readonly number[],
  opening: readonly number[],
  changed: readonly number[],
): Record<Site, number[]> {
  const last = prompt.length - 1;
  return {
    last_prompt: [last],
    decision: [last + opening.length],
    changed: changed.length > 0 ? [...changed] : [last],
    mean: prompt.length === 1 ? [0] : Array.from({ length: last }, (_, i) => i + 1),
  };
}

/** Mean of some rows of [n, d], counted from `row`. */
function meanAt(
  data: Float32Array,
  row: number,
  d: number,
  positions: readonly number[],
): Float32Array {
  const sum = new Float64Array(d);
  for (const position of positions) {
    const start = (row + position) * d;
    for (let j = 0; j < d; j++) sum[j]! += data[start + j]!;
  }
  return Float32Array.from(sum, (x) => x / positions.length);
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
