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
  const top = logits[best]!;
  const kept = candidates(logits, temperature, topP, topK, top);
  let total = 0;
  for (const { weight } of kept) total += weight;
  let left = draw * total;
  for (const { id, weight } of kept) {
    left -= weight;
    if (left < 0) return id;
  }
  return best;
}

/** The id of the largest logit, of equals the smallest. */
function mostProbable(logits: Float32Array): number {
  let best = 0;
  let broken = false;
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i]!;
    if (logit > logits[best]!) best = i;
    broken ||= Number.isNaN(logit);
  }
  ensure(
    broken || logits[best] !== Number.NEGATIVE_INFINITY,
    'BAD_ARGUMENT',
    'Every token is forbidden: a logit bias, a penalty or a logits processor leaves none.',
  );
  if (broken || !Number.isFinite(logits[best])) {
    throw new SutureError(
      'ENGINE',
      'The logits are not numbers any more: an intervention is too strong, or the weights are damaged.',
    );
  }
  return best;
}

interface Candidate {
  id: number;
  /** Proportional to the probability; 1 for the most probable token. */
  weight: number;
}

/** A token this far below the top (in units of the temperature) has a weight below 1e-17: none. */
const NEGLIGIBLE = 40;

/** The tokens that top-k and top-p leave, most probable first; ties go to the smaller id. */
function candidates(
  logits: Float32Array,
  temperature: number,
  topP: number,
  topK: number,
  top: number,
): Candidate[] {
  const floor = top - NEGLIGIBLE * temperature;
  const near: Candidate[] = [];
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id]!;
    if (logit >= floor) near.push({ id, weight: Math.exp((logit - top) / temperature) });
  }
  if (topP === 1 && topK === 0) return near;
  let mass = 0;
  for (const { weight } of near) mass += weight;
  // Sorting is what costs: sort only the few that can be among the kept, if they suffice.
  for (let least = topK > 0 ? 0 : (1 - topP) * 1e-2; ; least = 0) {
    const few = near.filter(({ weight }) => weight > least);
    few.sort((a, b) => logits[b.id]! - logits[a.id]! || a.id - b.id);
    const kept = nucleus(topK > 0 ? few.slice(0, topK) : few, topP, topK > 0 ? undefined : mass);
    if (kept || least === 0) return kept ?? few;
  }
}

/** The head of `sorted` that reaches `topP` of the mass; undefined where it does not reach it. */
function nucleus(
  sorted: readonly Candidate[],
  topP: number,
  mass = sorted.reduce((sum, { weight }) => sum + weight, 0),
): Candidate[] | undefined {
  let sum = 0;
  for (const [n, { weight }] of sorted.entries()) {
    sum += weight;
    if (sum >= topP * mass) return sorted.slice(0, n + 1);
  }
  return undefined;
}
