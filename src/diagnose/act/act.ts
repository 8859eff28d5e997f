import { ensure, Random, SutureError } from '../../core/index.js';
import type { Intervention, Model } from '../../engine/index.js';
import type { PromptPair } from '../../evaluate/index.js';
import { difference, meanOf, norm, scaled } from '../../tensor/index.js';
import { decisionOf } from '../lens/read.js';
import { type ActFindings, findingsOf, type Moved } from './analyse.js';

export interface ActOptions {
  /** Of the random vectors and the bootstrap. Defaults to 0. */
  seed?: number;
  signal?: AbortSignal;
  /** Pairs that an earlier run has done, in their order, and where those of this one go. */
  journal?: { done: readonly Moved[]; add: (moved: Moved) => void };
  /** Pairs done, of how many. */
  onProgress?: (done: number, total: number) => void;
}

/** What is replaced at the decision by what it is for the secure twin. */
const PARTS = {
  stream: ['hook_resid_post'],
  attention: ['hook_attn_out'],
  MLP: ['hook_mlp_out'],
  block: ['hook_attn_out', 'hook_mlp_out'],
} as const;
const HOOKS = ['hook_resid_post', 'hook_attn_out', 'hook_mlp_out'] as const;
type Hook = (typeof HOOKS)[number];

/** A pair at its decision, with what both twins have there. */
interface Place {
  base: string;
  /** The prompt that asks for the insecure way, and the opening that both bodies share. */
  ids: number[];
  /** First tokens in which the bodies part. */
  secure: number;
  insecure: number;
  /** Logit of `secure` minus that of `insecure`, after either prompt. */
  before: { secure: number; insecure: number };
  /** By hook and layer, after the secure and the insecure prompt. */
  states: Record<Hook, { secure: Float32Array; insecure: Float32Array }[]>;
}

/**
 * From which layer on does it act? The insecure twin is run again and again with one thing changed at
 * the decision: the residual stream after a block, or what a block's attention, MLP or both write, set to
 * what they are in the secure twin; or the security direction (mean difference of the pairs of other bases)
 * added to the stream; or a random vector as long as either. How far does each move the choice
 * towards the secure twin's? (Surgical Repair, section 2, with the controls it lacks.)
 *
 * @param pairs with bodies, of at least 3 bases
 * @throws {SutureError} BAD_DATA for too few bases; INTERRUPTED
 */
export async function act(
  model: Model,
  pairs: readonly PromptPair[],
  options: ActOptions = {},
): Promise<ActFindings> {
  const { seed = 0, signal, journal, onProgress } = options;
  const places: Place[] = [];
  for (const pair of pairs) {
    const place = await placeOf(model, pair);
    if (place) places.push(place);
  }
  const bases = new Set(places.map(({ base }) => base));
  ensure(
    bases.size >= 3,
    'BAD_DATA',
    `The direction of a base comes from the others: pairs of at least 3 bases are needed, whose bodies part; there are ${bases.size}.`,
  );
  const directions = new Map([...bases].map((base) => [base, directionsWithout(places, base)]));
  const moved = [...(journal?.done ?? [])];
  for (const [i, place] of places.entries()) {
    if (i < moved.length) continue;
    if (signal?.aborted) throw new SutureError('INTERRUPTED', 'Interrupted.');
    const one = await move(model, place, directions.get(place.base)!, new Random(seed, 'act', i));
    journal?.add(one);
    moved.push(one);
    onProgress?.(i + 1, places.length);
  }
  return { pairs: places.length, ...findingsOf(moved, seed) };
}

/** Undefined where the bodies do not part, or the twin is longer than the model's context. */
async function placeOf(model: Model, pair: PromptPair): Promise<Place | undefined> {
  const decision = decisionOf(model, pair.bodies);
  if (!decision) return undefined;
  const ids = (['secure', 'insecure'] as const).map((side) => [
    ...encode(model, pair.prompts[side]),
    ...decision.opening,
  ]);
  if (ids.some((row) => row.length > model.config.maxPositions)) return undefined;
  const capture = HOOKS.map((hook) => `blocks.*.${hook}`);
  const { logits, cache } = await model.forward(ids, {
    capture,
    positions: 'last',
    logits: 'last',
  });
  const [secure, insecure] = [decision.secure[0]!, decision.insecure[0]!];
  const favour = (row: number) => favourOf(logits.data, row, model, secure, insecure);
  const d = model.dModel;
  const states = Object.fromEntries(
    HOOKS.map((hook) => [
      hook,
      Array.from({ length: model.nLayers }, (_, layer) => {
        const data = cache.get(`blocks.${layer}.${hook}`)!.data as Float32Array; // [2, 1, d_model]
        return { secure: data.slice(0, d), insecure: data.slice(d, 2 * d) };
      }),
    ]),
  ) as Place['states'];
  return {
    base: pair.base,
    ids: ids[1]!,
    secure,
    insecure,
    before: { secure: favour(0), insecure: favour(1) },
    states,
  };
}

/** The mean over the pairs of other bases of secure minus insecure stream, by layer. */
function directionsWithout(places: readonly Place[], base: string): Float32Array[] {
  const others = places.filter((place) => place.base !== base);
  return others[0]!.states.hook_resid_post.map((_, layer) =>
    meanOf(
      others.map(({ states }) => {
        const { secure, insecure } = states.hook_resid_post[layer]!;
        return difference(secure, insecure);
      }),
    ),
  );
}

/** Every intervention on one pair, as rows of one batch. */
async function move(
  model: Model,
  place: Place,
  directions: readonly Float32Array[],
  random: Random,
): Promise<Moved> {
  const at = [place.ids.length - 1];
  const edits: Intervention[] = [];
  let rows = 0;
  const replace = (layer: number, hooks: readonly Hook[]) => {
    const row = rows++;
    for (const hook of hooks) {
      const data = place.states[hook][layer]!.secure;
      const value = { dims: [model.dModel], data };
      edits.push({
        hook: `blocks.${layer}.${hook}`,
        op: 'replace',
        positions: at,
        rows: [row],
        value,
      });
    }
    return row;
  };
  const add = (layer: number, vector: Float32Array) => {
    const row = rows++;
    const hook = `blocks.${layer}.hook_resid_post`;
    edits.push({ hook, op: 'add', positions: at, rows: [row], vector });
    return row;
  };
  const layers = directions.map((direction, layer) => {
    const { secure, insecure } = place.states.hook_resid_post[layer]!;
    const chance = (length: number) => randomVector(random, model.dModel, length);
    return {
      stream: replace(layer, PARTS.stream),
      attention: replace(layer, PARTS.attention),
      MLP: replace(layer, PARTS.MLP),
      block: replace(layer, PARTS.block),
      direction: add(layer, direction),
      randomStream: add(layer, chance(norm(difference(secure, insecure)))),
      randomDirection: add(layer, chance(norm(direction))),
    };
  });
  const batch = Array.from({ length: rows }, () => place.ids);
  const { logits } = await model.forward(batch, { interventions: edits, logits: 'last' });
  const gained = (row: number) =>
    favourOf(logits.data, row, model, place.secure, place.insecure) - place.before.insecure;
  return {
    base: place.base,
    total: place.before.secure - place.before.insecure,
    layers: layers.map((row) => ({
      stream: gained(row.stream),
      attention: gained(row.attention),
      MLP: gained(row.MLP),
      block: gained(row.block),
      direction: gained(row.direction),
      randomStream: gained(row.randomStream),
      randomDirection: gained(row.randomDirection),
    })),
  };
}

/** Logit of one token minus that of another: logits [rows, vocab]. */
const favourOf = (
  logits: ArrayLike<number | bigint>,
  row: number,
  { config }: Model,
  secure: number,
  insecure: number,
): number =>
  Number(logits[row * config.vocabSize + secure]!) -
  Number(logits[row * config.vocabSize + insecure]!);

function randomVector(random: Random, width: number, length: number): Float32Array {
  const vector = Float32Array.from({ length: width }, () => random.normal());
  return scaled(vector, length / norm(vector));
}

function encode(model: Model, text: string): number[] {
  const chat = model.tokenizer?.chatTemplate !== undefined;
  const messages = [{ role: 'user' as const, content: text }];
  return model.encode(chat ? { messages } : { text })[0]!;
}
