import { ensure, type Random, SutureError } from '../core/index.js';

export interface SamplingOptions {
  /** 0 is greedy. Defaults to 0. */
  temperature?: number;
  /** Nucleus: the most probable tokens that together reach this mass. Defaults to 1 (all). */
  topP?: number;
  /** Only this many of the most probable tokens. Defaults to 0 (all). */
  topK?: number;
}

export function checkSampling({ temperature = 0, topP = 1, topK = 0 }: SamplingOptions): void {
  const say = (name: string, must: string, value: number) =>
    `${name} must be ${must}; got ${value}.`;
  ensure(
    temperature >= 0 && Number.isFinite(temperature),
    'BAD_ARGUMENT',
    say('temperature', '0 or more', temperature),
  );
  ensure(topP > 0 && topP <= 1, 'BAD_ARGUMENT', say('top-p', 'above 0 and at most 1', topP));
  ensure(
    Number.isInteger(topK) && topK >= 0,
    'BAD_ARGUMENT',
    say('top-k', 'a whole number, 0 or more', topK),
  );
}

/**
 * Draws one token: temperature, then top-k, then top-p, as Hugging Face orders them.
 * Takes exactly one random number unless greedy, so that rows stay in step with their seeds.
 *
 * @param logits [vocab]
 * @throws {SutureError} ENGINE where a logit is NaN or the largest is infinite; BAD_ARGUMENT where
 *   all are -Infinity
 */
export function sample(logits: Float32Array, options: SamplingOptions, random: Random): number {
  const { temperature = 0, topP = 1, topK = 0 } = options;
  const best = mostProbable(logits);
  if (temperature === 0) return best;

  const draw = random.float();
  const weights = weigh(logits, logits[best]!, temperature);
  const all = topP === 1 && topK === 0;
  const kept = all ? undefined : candidates(logits, weights, topP, topK);
  let left = draw * sum(weights, kept);
  for (let i = 0; i < (kept ?? weights).length; i++) {
    const id = kept ? kept[i]! : i;
    left -= weights[id]!;
    if (left < 0) return id;
  }
  return best;
}

/** The id of the largest logit, of equals the smallest. */
function mostProbable(logits: Float32Array): number {
  let best = 0;
  let total = 0; // is NaN where one of them is
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i]!;
    if (logit > logits[best]!) best = i;
    total += logit;
  }
  const top = logits[best]!;
  ensure(
    top !== Number.NEGATIVE_INFINITY || Number.isNaN(total),
    'BAD_ARGUMENT',
    'Every token is forbidden: a logit bias, a penalty or a logits processor leaves none.',
  );
  if (Number.isNaN(total) || !Number.isFinite(top)) {
    throw new SutureError(
      'ENGINE',
      'The logits are not numbers any more: an intervention is too strong, or the weights are damaged.',
    );
  }
  return best;
}

/** A token this far below the top (in units of the temperature) has a weight below 1e-17: none. */
const NEGLIGIBLE = 40;

/** exp(-i / 64): with a short series in between, several times as fast as Math.exp, to 1e-11. */
const EXPONENTIALS = Float64Array.from({ length: 64 * NEGLIGIBLE + 1 }, (_, i) =>
  Math.exp(-i / 64),
);

/** Written anew by every call, so that a large vocabulary costs no memory each time. */
let scratch = new Float64Array(0);

/** What each token's probability is proportional to; 1 for the most probable one. */
function weigh(logits: Float32Array, top: number, temperature: number): Float64Array {
  if (scratch.length !== logits.length) scratch = new Float64Array(logits.length);
  for (let i = 0; i < logits.length; i++) {
    const below = (top - logits[i]!) / temperature;
    if (below > NEGLIGIBLE) {
      scratch[i] = 0;
      continue;
    }
    const step = Math.floor(below * 64);
    const x = below - step / 64;
    const series = 1 - x * (1 - (x / 2) * (1 - (x / 3) * (1 - x / 4)));
    scratch[i] = EXPONENTIALS[step]! * series;
  }
  return scratch;
}

/** The sum of these weights; of all where `ids` is undefined. */
function sum(weights: Float64Array, ids?: readonly number[]): number {
  let total = 0;
  if (ids) for (const id of ids) total += weights[id]!;
  else for (let i = 0; i < weights.length; i++) total += weights[i]!;
  return total;
}

/** The tokens that top-k and top-p leave, most probable first; ties go to the smaller id. */
function candidates(
  logits: Float32Array,
  weights: Float64Array,
  topP: number,
  topK: number,
): readonly number[] {
  if (topK > 0) {
    const first = largest(logits, topK).filter((id) => weights[id]! > 0);
    return nucleus(first, weights, topP, sum(weights, first)) ?? first;
  }
  const mass = sum(weights);
  // Sorting is what costs: sort only the few that can be among the kept, if they suffice.
  for (let least = (1 - topP) * 1e-2; ; least = 0) {
    const few: number[] = [];
    for (let id = 0; id < weights.length; id++) if (weights[id]! > least) few.push(id);
    few.sort((a, b) => logits[b]! - logits[a]! || a - b);
    const kept = nucleus(few, weights, topP, mass);
    if (kept || least === 0) return kept ?? few;
  }
}

/** The ids of the `count` largest logits, the largest first; of equals the smaller id. */
export function largest(logits: Float32Array, count: number): number[] {
  const best: number[] = [];
  for (let id = 0; id < logits.length && count > 0; id++) {
    const logit = logits[id]!;
    if (best.length === count && logit <= logits[best.at(-1)!]!) continue;
    // Where it belongs, by bisection.
    let low = 0;
    for (let high = best.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (logits[best[middle]!]! >= logit) low = middle + 1;
      else high = middle;
    }
    best.splice(low, 0, id);
    if (best.length > count) best.pop();
  }
  return best;
}

/** The head of `sorted` that reaches `topP` of the mass; undefined where it does not reach it. */
function nucleus(
  sorted: readonly number[],
  weights: Float64Array,
  topP: number,
  mass: number,
): readonly number[] | undefined {
  let reached = 0;
  for (const [n, id] of sorted.entries()) {
    reached += weights[id]!;
    if (reached >= topP * mass) return sorted.slice(0, n + 1);
  }
  return undefined;
}
