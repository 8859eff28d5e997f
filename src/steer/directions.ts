import { ensure, Random } from '../core/index.js';
import type { Intent } from '../evaluate/index.js';
import { spaceOf } from '../stats/index.js';
import { cosine, difference, dot, meanOf, norm, scaled } from '../tensor/index.js';
import type { Contrast, Site } from './contrast.js';
import type { Dictionary } from './dictionary.js';

/**
 * How a direction is made from pairs.
 *
 * - `mean_difference`: mean over pairs of h(secure) - h(insecure) (Surgical Repair, section 4; contrastive
 *   activation addition, Rimsky et al. 2024).
 * - `pca`: the direction along which the pairs' differences are largest, their first right singular vector
 *   (representation engineering, Zou et al. 2023).
 * - `probe`: the normal of an L2 logistic probe that tells secure from insecure states, in the stream's
 *   own units (inference-time intervention, Li et al. 2023).
 * - `class_mean`: mean of h(secure) minus that of h(neutral), a reference set that asks for neither way.
 * - `sae_feature`: the feature of a sparse autoencoder that changes the stream most from insecure to secure
 *   prompts, added where they have more of it and taken away where they have less.
 */
export const METHODS = ['mean_difference', 'pca', 'probe', 'class_mean', 'sae_feature'] as const;
export type Method = (typeof METHODS)[number];

/**
 * A direction [d_model] from insecure to secure after block `layer`. Whatever the method, it is as long as the mean
 * difference, so that a strength means the same for all of them.
 *
 * @param contrasts of one pair at least
 * @throws {SutureError} BAD_DATA where there is no contrast, or nothing differs
 * @example
 * const contrasts = await readContrasts(model, pairs('CWE-787'));
 * const vector = directionOf('pca', contrasts, 'decision', model.nLayers - 1);
 */
export function directionOf(
  method: Method,
  contrasts: readonly Contrast[],
  site: Site,
  layer: number,
): Float32Array {
  ensure(contrasts.length > 0, 'BAD_DATA', 'There is no pair to make a direction from.');
  const reference = meanDifference(contrasts, site, layer);
  if (method === 'mean_difference') return reference;
  const made = MAKERS[method](contrasts, site, layer, reference);
  const length = norm(made);
  ensure(
    length > 0,
    'BAD_DATA',
    `At ${site} of layer ${layer} the secure and the insecure prompts do not differ: there is no direction.`,
  );
  return scaled(made, norm(reference) / length);
}

/** Mean over pairs of h(secure) - h(insecure): [d_model]. Not normalised. */
export const meanDifference = (
  contrasts: readonly Contrast[],
  site: Site,
  layer: number,
): Float32Array => meanOf(differencesOf(contrasts, site, layer));

const differencesOf = (contrasts: readonly Contrast[], site: Site, layer: number) =>
  contrasts.map(({ secure, insecure }) => difference(secure[site][layer]!, insecure[site][layer]!));

type Maker = (
  contrasts: readonly Contrast[],
  site: Site,
  layer: number,
  reference: Float32Array,
) => Float32Array;

const MAKERS: Record<Exclude<Method, 'mean_difference'>, Maker> = {
  pca: (contrasts, site, layer, reference) => {
    const first = firstComponent(differencesOf(contrasts, site, layer));
    // A component has no sign of its own.
    return dot(first, reference) < 0 ? scaled(first, -1) : first;
  },
  probe: (contrasts, site, layer, reference) => {
    const states = contrasts.flatMap(({ secure, insecure }) => [
      secure[site][layer]!,
      insecure[site][layer]!,
    ]);
    return probeNormal(states, reference.length);
  },
  class_mean: (contrasts, site, layer) => {
    const meanState = (intent: Intent) => meanOf(contrasts.map((one) => one[intent][site][layer]!));
    return difference(meanState('secure'), meanState('neutral'));
  },
  sae_feature: (contrasts, site, layer) => {
    const { dictionary } = contrasts[0]!;
    ensure(
      dictionary?.layer === layer,
      'BAD_ARGUMENT',
      `A feature for layer ${layer} needs a sparse autoencoder of the stream there; ${dictionary ? `the one given is of layer ${dictionary.layer}` : 'none is given'}.`,
    );
    const { feature, more } = strongestFeature(contrasts, site, layer, dictionary);
    return scaled(dictionary.decoder(feature), more);
  },
};

/**
 * The feature that changes the stream most from insecure to secure prompts, by the length of what it adds, and how
 * much more of it the secure ones have on average.
 */
export function strongestFeature(
  contrasts: readonly Contrast[],
  site: Site,
  layer: number,
  dictionary: Dictionary,
): { feature: number; more: number } {
  const more = meanOf(
    contrasts.map(({ secure, insecure }) =>
      difference(
        dictionary.encode(secure[site][layer]!),
        dictionary.encode(insecure[site][layer]!),
      ),
    ),
  );
  let best = { feature: 0, more: 0 };
  let longest = 0;
  for (const [feature, change] of more.entries()) {
    if (change === 0) continue;
    const length = Math.abs(change) * norm(dictionary.decoder(feature));
    if (length <= longest) continue;
    longest = length;
    best = { feature, more: change };
  }
  return best;
}

/** Power iterations; the components that matter here stand well apart. */
const ITERATIONS = 200;

/** The unit vector along which vectors are largest: of X^T X the first eigenvector. */
export function firstComponent(vectors: readonly Float32Array[]): Float32Array {
  const d = vectors[0]!.length;
  // From a direction that the data have: none of them is orthogonal to all.
  let unit = Float64Array.from(meanOf(vectors));
  if (norm(unit) === 0) unit = Float64Array.from(vectors[0]!);
  for (let i = 0; i < ITERATIONS; i++) {
    const next = new Float64Array(d);
    for (const vector of vectors) {
      const along = dot(vector, unit);
      for (let j = 0; j < d; j++) next[j]! += along * vector[j]!;
    }
    const length = norm(next);
    if (length === 0) break;
    for (let j = 0; j < d; j++) next[j]! /= length;
    const turned = 1 - Math.abs(dot(next, unit));
    unit = next;
    if (turned < 1e-12) break;
  }
  return Float32Array.from(unit);
}

/** The penalty of a probe, in units of the number of columns: the middle of those that probes try, not tuned. */
export const PENALTY = 0.1;

/** The normal of a logistic probe in the stream's own units; states are secure, insecure, secure, ... */
function probeNormal(states: readonly Float32Array[], d: number): Float32Array {
  const x = new Float32Array(states.length * d);
  for (const [i, state] of states.entries()) x.set(state, i * d);
  const rows = [...states.keys()];
  const space = spaceOf(x, d, rows);
  const labels = Uint8Array.from(rows, (row) => 1 - (row % 2));
  return Float32Array.from(space.plane(space.fit(rows, labels, PENALTY * d)).normal);
}

/** A vector of the same length in a direction drawn at random. */
export function randomLike(vector: Float32Array, random: Random): Float32Array {
  return scaledLike(
    Float32Array.from(vector, () => random.normal()),
    vector,
  );
}

/**
 * The same recipe on labels by coin: of each pair either prompt may count as the secure one. As long as `vector`.
 */
export function shuffledLike(
  vector: Float32Array,
  contrasts: readonly Contrast[],
  site: Site,
  layer: number,
  random: Random,
): Float32Array {
  const flipped = differencesOf(contrasts, site, layer).map((one) =>
    random.chance(0.5) ? one : scaled(one, -1),
  );
  return scaledLike(meanOf(flipped), vector);
}

/**
 * The direction along which the pairs differ most once `vector` is taken out: as much of the data, none of the
 * vector, and as long.
 */
export function orthogonalLike(
  vector: Float32Array,
  contrasts: readonly Contrast[],
  site: Site,
  layer: number,
): Float32Array {
  const rest = differencesOf(contrasts, site, layer).map((one) =>
    difference(one, scaled(vector, dot(one, vector) / dot(vector, vector))),
  );
  return scaledLike(firstComponent(rest), vector);
}

/** `direction`, as long as `vector`. */
export const scaledLike = (direction: Float32Array, vector: Float32Array): Float32Array =>
  scaled(direction, norm(vector) / (norm(direction) || 1));

/** Mean cosine between directions made from random halves of the pairs: 1 where the data say it clearly. */
export function stability(
  method: Method,
  contrasts: readonly Contrast[],
  site: Site,
  layer: number,
  { draws = 10, seed = 0 }: { draws?: number; seed?: number } = {},
): number {
  ensure(
    contrasts.length >= 2,
    'BAD_DATA',
    'Stability compares two halves: give two pairs at least.',
  );
  const cosines = Array.from({ length: draws }, (_, draw) => {
    const order = new Random(seed, 'stability', draw).shuffle(contrasts);
    const half = order.length >> 1;
    return cosine(
      directionOf(method, order.slice(0, half), site, layer),
      directionOf(method, order.slice(half), site, layer),
    );
  });
  return cosines.reduce((a, b) => a + b) / draws;
}
