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
  const mass = weigh(logits, logits[best]!, temperature);
  if (topK > 0) {
    const first = largest(logits, topK).filter((id) => weights[id]! > 0);
    return drawFrom(nucleus(first, topP * massOf(first)), draw) ?? best;
  }
  if (topP === 1) return drawFromAll(draw) ?? best;
  // Most tokens of code are as good as certain: the most probable one, whose weight is 1, is the whole nucleus.
  if (topP * mass <= 1) return best;
  return drawFromNucleus(logits, topP * mass, draw) ?? best;
}

/**
 * What `sample` draws from: each token's probability after temperature and top-p; those outside the nucleus have 0.
 *
 * @param logits [vocab]
 * @returns [vocab]
 * @throws {SutureError} as `sample`
 */
export function distribution(
  logits: Float32Array,
  { temperature, topP }: { temperature: number; topP: number },
): Float64Array {
  const best = mostProbable(logits);
  const found = new Float64Array(logits.length);
  if (temperature === 0) {
    found[best] = 1;
    return found;
  }
  const mass = weigh(logits, logits[best]!, temperature);
  const goal = topP * mass;
  if (topP === 1) {
    for (let id = 0; id < found.length; id++) found[id] = weights[id]! / mass;
  } else if (goal <= 1) {
    found[best] = 1;
  } else {
    const { last, above, end } = nucleusOf(logits, goal);
    const whole = above + massOf(end);
    for (let id = 0; id < found.length; id++)
      if (steps[id]! < last) found[id] = weights[id]! / whole;
    for (const id of end) found[id] = weights[id]! / whole;
  }
  return found;
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

// Written anew by every call, so that a large vocabulary costs no memory each time.
/** What each token's probability is proportional to; 1 for the most probable one. */
let weights = new Float64Array(0);
/** How far each token's logit lies below the top, in steps of 1/64 of the temperature. */
let steps = new Uint16Array(0);
/** The weight of all tokens of a step. */
const stepMass = new Float64Array(EXPONENTIALS.length);

/** @returns the weight of all tokens */
function weigh(logits: Float32Array, top: number, temperature: number): number {
  if (weights.length !== logits.length) {
    weights = new Float64Array(logits.length);
    steps = new Uint16Array(logits.length);
  }
  stepMass.fill(0);
  let mass = 0;
  for (let i = 0; i < logits.length; i++) {
    const below = (top - logits[i]!) / temperature;
    if (below > NEGLIGIBLE) {
      weights[i] = 0;
      steps[i] = EXPONENTIALS.length; // in no step
      continue;
    }
    const step = Math.floor(below * 64);
    const x = below - step / 64;
    const series = 1 - x * (1 - (x / 2) * (1 - (x / 3) * (1 - x / 4)));
    const weight = EXPONENTIALS[step]! * series;
    weights[i] = weight;
    steps[i] = step;
    stepMass[step]! += weight;
    mass += weight;
  }
  return mass;
}

/**
 * The most probable tokens that together reach a mass of `goal`: all of the steps before `last`, which weigh
 * `above`, and of that step those of `end`. Sorting is what would cost: only the step in which the nucleus ends is sorted.
 */
function nucleusOf(logits: Float32Array, goal: number) {
  let above = 0;
  let last = 0;
  while (last < stepMass.length - 1 && above + stepMass[last]! < goal) above += stepMass[last++]!;
  return { last, above, end: nucleus(ofStep(logits, last), goal - above) };
}

/** Draws from the nucleus; of its steps the one in which the draw falls is sorted too. */
function drawFromNucleus(logits: Float32Array, goal: number, draw: number): number | undefined {
  const { last, above, end } = nucleusOf(logits, goal);
  let left = draw * (above + massOf(end));
  let step = 0;
  while (step < last && left >= stepMass[step]!) left -= stepMass[step++]!;
  const among = step === last ? end : ofStep(logits, step);
  for (const id of among) {
    left -= weights[id]!;
    if (left < 0) return id;
  }
  return among.at(-1);
}

/** The tokens of a step, most probable first; ties go to the smaller id. */
function ofStep(logits: Float32Array, step: number): number[] {
  const ids: number[] = [];
  for (let id = 0; id < steps.length; id++) if (steps[id] === step) ids.push(id);
  return ids.sort((a, b) => logits[b]! - logits[a]! || a - b);
}

/** The head of `sorted` that reaches a mass; all of it where it does not. */
function nucleus(sorted: readonly number[], goal: number): readonly number[] {
  let reached = 0;
  for (const [n, id] of sorted.entries()) {
    reached += weights[id]!;
    if (reached >= goal) return sorted.slice(0, n + 1);
  }
  return sorted;
}

function massOf(ids: readonly number[]): number {
  let mass = 0;
  for (const id of ids) mass += weights[id]!;
  return mass;
}

function drawFrom(ids: readonly number[], draw: number): number | undefined {
  let left = draw * massOf(ids);
  for (const id of ids) {
    left -= weights[id]!;
    if (left < 0) return id;
  }
  return undefined;
}

function drawFromAll(draw: number): number | undefined {
  let mass = 0;
  for (let id = 0; id < weights.length; id++) mass += weights[id]!;
  let left = draw * mass;
  for (let id = 0; id < weights.length; id++) {
    left -= weights[id]!;
    if (left < 0) return id;
  }
  return undefined;
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
