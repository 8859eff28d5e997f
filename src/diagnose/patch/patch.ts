import { ensure, Random } from '../../core/index.js';
import type { Intervention, Model } from '../../engine/index.js';
import type { Journal } from '../../evaluate/index.js';
import { jointSignFlipTest, mean } from '../../stats/index.js';
import { difference, meanOf, norm, scaled } from '../../tensor/index.js';
import type { LensPair } from '../lens/read.js';
import type { Figure } from '../probe/score.js';
import type { ActingLayer, PatchEvidence } from '../verdict/evidence.js';
import { attribute, partsOf } from './attribute.js';
import { Effects } from './effects.js';
import { type Aligned, PLACES, type Place } from './places.js';
import { type Outcome, outcomes, type Run } from './run.js';
import {
  capture,
  fewOfEach,
  type LeftOutTwins,
  type States,
  type Twins,
  twinsOf,
} from './twins.js';

/** What is replaced by the twin's. `stream`: after a block; the others: what it adds. */
export const PATCHED = ['stream', 'attention', 'mlp'] as const;
export type Patched = (typeof PATCHED)[number];

export interface PatchOptions {
  /** Pairs of each base, spread over those there are. Defaults to 4. */
  pairsPerBase?: number;
  /** Places that are patched. Defaults to all; `decision` alone is much the cheapest. */
  places?: readonly Place[];
  /** Random vectors beside each direction and each replaced stream. Defaults to 5. */
  randoms?: number;
  /** Defaults to 0. */
  seed?: number;
  /** Outcomes by stage that an earlier run has got, and where those of this one go. Defaults to none. */
  journal?: Journal<Outcome[]>;
  signal?: AbortSignal;
  onProgress?: (stage: string, done: number, total: number) => void;
}

/** One cell of the grid. */
export interface PatchCell {
  layer: number;
  place: Place;
  /** Into the insecure run, from the secure one: 0 is no effect, 1 the secure twin's own choice. */
  into: Figure;
  /** Into the secure run, from the insecure one: 0 is no effect, 1 the insecure twin's own choice. */
  out: Figure;
  /** By how much the probability of the secure first token rises in the insecure run: mean. */
  lift: number;
}

export interface PatchFindings extends PatchEvidence {
  model: string;
  pairs: number;
  bases: number;
  seed: number;
  leftOut: LeftOutTwins;
  /** Changed tokens of insecure prompts that no token of the secure one stands for: mean of a pair. */
  unaligned: number;
  /** Mean probability of the secure first token under either prompt. */
  probability: { insecure: number; secure: number };
  grid: { patched: Patched; cells: PatchCell[] }[];
  /** One head's output (before the output projection) replaced in the insecure run. */
  heads: { layer: number; head: number; place: Place; recovered: Figure }[];
  /** The direction removed from the secure run at the decision: what is lost of `total`. */
  ablation: ActingLayer[];
  /** Embeddings of tokens of the insecure prompt replaced by the mean embedding: what is recovered. */
  tokens: {
    /** `asking`: tokens that the neutral prompt does not have; `template`: those of the chat template. */
    which: 'asking' | 'template';
    /** Of the way from the insecure to the neutral prompt's choice (to the secure one's where there is none). */
    recovered: Figure;
    /** Mean of a pair. */
    count: number;
  }[];
  /** What parts of the secure run write towards its choice more than those of the insecure run; undefined where logits are capped. */
  attribution: { part: string; share: Figure }[] | undefined;
  /** Sequences that were run, in whole or from where they were edited on. */
  runs: number;
}

const hookOf: Record<Patched, string> = {
  stream: 'hook_resid_post',
  attention: 'hook_attn_out',
  mlp: 'hook_mlp_out',
};

/**
 * Where does it act? Activations of the secure twin are put into the run of the insecure one (and the other way)
 * at every layer and kind of place, and the choice is read off the logits at the decision; directions from other bases
 * are added and removed; beside each, random vectors of the same norm (Vig et al. 2020; Meng et al. 2022; Zhang &
 * Nanda 2024; Surgical Repair, section 2.3).
 *
 * @param pairs with bodies; those of at least 3 bases must part
 * @throws {SutureError} BAD_ARGUMENT where the model has no tokenizer; BAD_DATA for too few bases; INTERRUPTED
 * @example
 * const { stream } = await patch(model, pairs('CWE-787'));
 * console.log(stream.find(({ beyondRandom }) => beyondRandom.p <= 0.05)?.layer);
 */
export async function patch(
  model: Model,
  pairs: readonly LensPair[],
  options: PatchOptions = {},
): Promise<PatchFindings> {
  const { pairsPerBase = 4, places = PLACES, randoms = 5, seed = 0 } = options;
  const { journal, signal, onProgress } = options;
  ensure(
    model.tokenizer,
    'BAD_ARGUMENT',
    `${model.id} has no tokenizer.json: patching reads texts.`,
  );
  ensure(randoms >= 1, 'BAD_ARGUMENT', 'At least one random vector has to stand beside each.');
  const { twins: all, leftOut } = twinsOf(model, pairs);
  const twins = fewOfEach(all, pairsPerBase);
  const bases = twins.map(({ base }) => base);
  const names = [...new Set(bases)];
  ensure(
    names.length >= 3,
    'BAD_DATA',
    `Patching compares bases and needs pairs of at least 3 whose bodies part; there are ${names.length}.`,
  );
  const { nLayers } = model;
  const layers = [...Array(nLayers).keys()];
  let runs = 0;
  const run = async (stage: string, wanted: readonly Run[]) => {
    runs += wanted.length;
    const known = journal?.get(stage);
    if (known) return known;
    const found = await outcomes(model, wanted, {
      signal,
      onProgress: onProgress && ((done, total) => onProgress(stage, done, total)),
    });
    journal?.add(stage, found);
    return found;
  };

  // What both twins choose as they are.
  const plain = await run(
    'as they are',
    twins.flatMap(({ insecure, secure, neutral, choice }) => [
      { ids: insecure, choice },
      { ids: secure, choice },
      { ids: neutral ?? secure, choice },
    ]),
  );
  const own = (pair: number) => ({
    insecure: plain[3 * pair]!,
    secure: plain[3 * pair + 1]!,
    neutral: plain[3 * pair + 2]!,
  });
  const totals = twins.map((_, i) => own(i).secure.difference - own(i).insecure.difference);
  const effects = new Effects(bases, totals, seed);
  const gained = (pair: number, { difference }: Outcome) =>
    difference - own(pair).insecure.difference;
  const lost = (pair: number, { difference }: Outcome) => own(pair).secure.difference - difference;

  // Every layer and place, a few pairs at a time, since states of whole sequences are large: streams and what is
  // added to them both ways, heads into the insecure run. What is edited at one place shares all that comes before.
  const { nHeads, headDim } = model.config;
  const headNumbers = [...Array(nHeads).keys()];
  const cells = new Map<string, { into: Outcome; out: Outcome }[]>();
  const headCells = new Map<string, Outcome[]>();
  const key = (...parts: (string | number)[]) => parts.join(' ');
  const put = <T>(map: Map<string, T[]>, name: string, pair: number, value: T) => {
    const known = map.get(name) ?? [];
    known[pair] = value;
    map.set(name, known);
  };
  const atDecision: { insecure: States; secure: States }[] = [];
  for (const [at, pair] of twins.entries()) {
    const [insecure, secure] = await capture(
      model,
      [pair.insecure, pair.secure],
      [
        ...PATCHED.map((kind) => `blocks.*.${hookOf[kind]}`),
        'blocks.*.attn.hook_z',
        'blocks.0.hook_resid_pre',
      ],
      'all',
      signal,
    );
    atDecision.push({ insecure: lastOf(insecure!), secure: lastOf(secure!) });
    const tried = places.flatMap((place) => {
      const here = (aligned: readonly Aligned[]) => aligned.filter((one) => one.place === place);
      const [into, out] = [here(pair.intoInsecure), here(pair.intoSecure)];
      return into.length > 0 && out.length > 0 ? [{ place, into, out }] : [];
    });
    const { choice } = pair;
    const wanted = tried.flatMap(({ into, out }) =>
      layers.flatMap((layer) => {
        const z = `blocks.${layer}.attn.hook_z`;
        return [
          ...PATCHED.flatMap((patched) => {
            const hook = `blocks.${layer}.${hookOf[patched]}`;
            const edits = {
              into: [replaceBy(hook, secure!, into)],
              out: [replaceBy(hook, insecure!, out)],
            };
            return [
              { ids: pair.insecure, choice, edits: edits.into },
              { ids: pair.secure, choice, edits: edits.out },
            ];
          }),
          ...headNumbers.map((head) => ({
            ids: pair.insecure,
            choice,
            edits: [{ ...replaceBy(z, secure!, into, head * headDim, headDim), heads: [head] }],
          })),
        ];
      }),
    );
    const found = await run(`patching, pair ${at + 1} of ${twins.length}`, wanted);
    let next = 0;
    for (const { place } of tried) {
      for (const layer of layers) {
        for (const patched of PATCHED) {
          const both = { into: found[next++]!, out: found[next++]! };
          put(cells, key(patched, layer, place), at, both);
        }
        for (const head of headNumbers) put(headCells, key(head, layer, place), at, found[next++]!);
      }
    }
  }
  const cell = (patched: Patched, layer: number, place: Place) =>
    twins.map((_, i) => cells.get(key(patched, layer, place))?.[i]);
  const grid = PATCHED.map((patched) => ({
    patched,
    cells: layers.flatMap((layer) =>
      places.flatMap((place): PatchCell[] => {
        const found = cell(patched, layer, place);
        if (found.every((one) => one === undefined)) return [];
        const lifts = found.flatMap((one, i) =>
          one ? [one.into.secure - own(i).insecure.secure] : [],
        );
        return [
          {
            layer,
            place,
            into: effects.share(found.map((one, i) => one && gained(i, one.into))),
            out: effects.share(found.map((one, i) => one && lost(i, one.out))),
            lift: mean(lifts),
          },
        ];
      }),
    ),
  }));

  const heads = layers.flatMap((layer) =>
    headNumbers.flatMap((head) =>
      places.flatMap((place) => {
        const found = headCells.get(key(head, layer, place));
        if (!found) return [];
        const moved = twins.map((_, i) => found[i] && gained(i, found[i]));
        return [{ layer, head, place, recovered: effects.share(moved) }];
      }),
    ),
  );

  // At the decision alone: streams and directions, each beside random vectors.
  const last = (
    pair: Twins,
    hook: string,
    edit: Partial<Intervention>,
    of: 'insecure' | 'secure',
  ) =>
    ({
      ids: pair[of],
      choice: pair.choice,
      edits: [{ hook, positions: 'last_prompt', ...edit } as Intervention],
    }) satisfies Run;
  const post = (layer: number) => `blocks.${layer}.hook_resid_post`;
  const apart = (i: number, layer: number) =>
    difference(
      atDecision[i]!.secure.get(post(layer))!.data,
      atDecision[i]!.insecure.get(post(layer))!.data,
    );
  /** Mean difference of the twins of all other bases. */
  const directions = new Map(
    names.map((base) => [
      base,
      layers.map((layer) =>
        meanOf(twins.flatMap((pair, i) => (pair.base === base ? [] : [apart(i, layer)]))),
      ),
    ]),
  );
  const random = (vector: Float32Array, ...keys: (string | number)[]): Float32Array => {
    const draws = new Random(seed, 'patch random', ...keys);
    const drawn = Float32Array.from(vector, () => draws.normal());
    return scaled(drawn, norm(vector) / norm(drawn));
  };
  /** The vector and its random likes: one run each. */
  const beside = async (
    stage: string,
    vectorOf: (pair: number, layer: number) => Float32Array,
    of: 'insecure' | 'secure',
    edit: (vector: Float32Array) => Partial<Intervention>,
    moved: (pair: number, outcome: Outcome) => number,
  ): Promise<ActingLayer[]> => {
    const arms = 1 + randoms;
    const found = await run(
      stage,
      twins.flatMap((pair, i) =>
        layers.flatMap((layer) => {
          const vector = vectorOf(i, layer);
          const like = Array.from({ length: randoms }, (_, n) =>
            random(vector, stage, pair.id, layer, n),
          );
          return [vector, ...like].map((one) => last(pair, post(layer), edit(one), of));
        }),
      ),
    );
    const at = (pair: number, layer: number, arm: number) =>
      moved(pair, found[(pair * nLayers + layer) * arms + arm]!);
    const rows = layers.map((layer) => {
      const acted = twins.map((_, i) => at(i, layer, 0));
      const chance = twins.map((_, i) =>
        mean(Array.from({ length: randoms }, (_, n) => at(i, layer, 1 + n))),
      );
      return { layer, acted, chance, beyond: acted.map((x, i) => x - chance[i]!) };
    });
    const p = jointSignFlipTest(rows.map(({ beyond }) => effects.means(beyond)));
    return rows.map(({ layer, acted, chance, beyond }, i) => ({
      layer,
      recovered: effects.share(acted),
      random: effects.share(chance),
      beyondRandom: { ...effects.share(beyond), p: p[i]! },
    }));
  };
  const adding = (vector: Float32Array) => ({ op: 'add' as const, vector });
  const stream = await beside('streams at the decision', apart, 'insecure', adding, gained);
  const directionOf = (i: number, layer: number) => directions.get(bases[i]!)![layer]!;
  const direction = await beside('directions', directionOf, 'insecure', adding, gained);
  const removing = (vector: Float32Array) =>
    vector.some((x) => x !== 0)
      ? { op: 'project_out' as const, vector }
      : { op: 'scale' as const, factor: 1 };
  const ablation = await beside('directions removed', directionOf, 'secure', removing, lost);

  return {
    model: model.id,
    pairs: twins.length,
    bases: names.length,
    seed,
    leftOut,
    unaligned: mean(twins.map(({ unaligned }) => unaligned)),
    probability: {
      insecure: mean(twins.map((_, i) => own(i).insecure.secure)),
      secure: mean(twins.map((_, i) => own(i).secure.secure)),
    },
    total: effects.total(),
    grid,
    heads,
    stream,
    direction,
    ablation,
    oneBlock: oneBlock(effects, bases, layers, (part, layer) =>
      cell(part, layer, 'decision').map((one, i) => one && gained(i, one.into)),
    ),
    tokens: await ablateTokens(),
    attribution: await attributed(),
    runs,
  };

  async function ablateTokens(): Promise<PatchFindings['tokens']> {
    const embedded = await capture(
      model,
      twins.map(({ insecure }) => insecure),
      ['hook_embed'],
      'all',
      signal,
    );
    const d = model.dModel;
    const rows = embedded.flatMap((states) => {
      const { data } = states.get('hook_embed')!;
      return Array.from({ length: data.length / d }, (_, at) =>
        data.subarray(at * d, (at + 1) * d),
      );
    });
    const value = { dims: [1, d], data: meanOf(rows) };
    const found: PatchFindings['tokens'] = [];
    for (const which of ['asking', 'template'] as const) {
      const tried = twins.flatMap((pair, i) => (pair[which].length > 0 ? [i] : []));
      if (tried.length === 0) continue;
      const results = await run(
        `without ${which} tokens`,
        tried.map((i): Run => {
          const { insecure, choice, [which]: positions } = twins[i]!;
          return {
            ids: insecure,
            choice,
            edits: [{ hook: 'hook_embed', op: 'replace', value, positions }],
          };
        }),
      );
      const way = new Effects(
        tried.map((i) => bases[i]!),
        tried.map((i) => own(i).neutral.difference - own(i).insecure.difference),
        seed,
      );
      found.push({
        which,
        recovered: way.share(results.map((outcome, n) => gained(tried[n]!, outcome))),
        count: mean(tried.map((i) => twins[i]![which].length)),
      });
    }
    return found;
  }

  async function attributed(): Promise<PatchFindings['attribution']> {
    const choices = twins.map(({ choice }) => choice);
    const secure = await attribute(
      model,
      atDecision.map((one) => one.secure),
      choices,
    );
    const insecure = await attribute(
      model,
      atDecision.map((one) => one.insecure),
      choices,
    );
    if (!secure || !insecure) return undefined;
    return partsOf(model).map((part, at) => ({
      part,
      share: effects.share(
        secure.map(({ contributions }, i) => contributions[at]! - insecure[i]!.contributions[at]!),
      ),
    }));
  }
}

/** The states of the last token alone. */
const lastOf = (states: States): States =>
  new Map(
    [...states].map(([hook, { dims, data }]) => {
      const width = dims[1]!;
      return [hook, { dims: [1, width], data: data.slice(data.length - width) }];
    }),
  );

/** Puts what the twin has at the places that stand for these: all of it, or `width` numbers of each from `offset` on. */
function replaceBy(
  hook: string,
  twin: States,
  aligned: readonly Aligned[],
  offset = 0,
  width = twin.get(hook)!.dims[1]!,
): Intervention {
  const { dims, data } = twin.get(hook)!;
  const value = new Float32Array(aligned.length * width);
  for (const [i, { twin: at }] of aligned.entries()) {
    const from = at * dims[1]! + offset;
    value.set(data.subarray(from, from + width), i * width);
  }
  return {
    hook,
    op: 'replace',
    value: { dims: [aligned.length, width], data: value },
    positions: aligned.map(({ own }) => own),
  };
}

/** What one block writes is enough? Chosen on the other bases, judged on each. */
function oneBlock(
  effects: Effects,
  bases: readonly string[],
  layers: readonly number[],
  movedBy: (part: 'attention' | 'mlp', layer: number) => (number | undefined)[],
): PatchEvidence['oneBlock'] {
  const candidates = layers.flatMap((layer) =>
    (['attention', 'mlp'] as const).map((part) => {
      const moved = movedBy(part, layer);
      return { layer, part, moved, shares: effects.byBase(moved) };
    }),
  );
  const chosen = new Map<string, (typeof candidates)[number]>();
  for (const base of new Set(bases)) {
    const elsewhere = ({ shares }: (typeof candidates)[number]) =>
      mean([...shares].flatMap(([name, share]) => (name === base ? [] : [share])));
    chosen.set(
      base,
      candidates.reduce((a, b) => (elsewhere(b) > elsewhere(a) ? b : a)),
    );
  }
  const counts = new Map<(typeof candidates)[number], number>();
  for (const one of chosen.values()) counts.set(one, (counts.get(one) ?? 0) + 1);
  return {
    ...effects.share(bases.map((base, i) => chosen.get(base)!.moved[i])),
    chosen: [...counts]
      .sort(([, a], [, b]) => b - a)
      .map(([{ layer, part }, count]) => ({ layer, part, bases: count })),
  };
}
