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
 * @throws {SutureError} ENGINE where a logit is NaN or the largest is infinite
 */
export function sample(logits: Float32Array, options: SamplingOptions, random: Random): number {
  const { temperature = 0, topP = 1, topK = 0 } = options;
  const best = mostProbable(logits);
  if (temperature === 0) return best;

  const draw = random.float();
  const top = logits[best]!;
  const weight = (i: number) => Math.exp((logits[i]! - top) / temperature);
  if (topP === 1 && topK === 0) {
    let total = 0;
    for (let i = 0; i < logits.length; i++) total += weight(i);
    let left = draw * total;
    for (let i = 0; i < logits.length; i++) {
      left -= weight(i);
      if (left < 0) return i;
    }
    return best;
  }

  const kept = nucleus(logits, temperature, topP, topK, best);
  const total = kept.reduce((sum, i) => sum + weight(i), 0);
  let left = draw * total;
  for (const i of kept) {
    left -= weight(i);
    if (left < 0) return i;
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
  if (broken || !Number.isFinite(logits[best])) {
    throw new SutureError(
      'ENGINE',
      'The logits are not numbers any more: an intervention is too strong, or the weights are damaged.',
    );
  }
  return best;
}

/** Beyond this distance from the top, in units of temperature, a token's weight is 0. */
const NO_WEIGHT = 746;

/** Token ids that top-k and top-p leave, most probable first; ties go to the smaller id. */
function nucleus(
  logits: Float32Array,
  temperature: number,
  topP: number,
  topK: number,
  best: number,
): number[] {
  const top = logits[best]!;
  let total = 0; // of all tokens, or of the top k where k is given
  if (topK === 0) for (const logit of logits) total += Math.exp((logit - top) / temperature);
  // Only tokens near the top can matter: widen the margin until they hold enough mass.
  for (let margin = 16; ; margin *= 2) {
    const floor = top - margin * temperature;
    const near: number[] = [];
    for (let i = 0; i < logits.length; i++) if (logits[i]! >= floor) near.push(i);
    const whole = near.length === logits.length || margin > NO_WEIGHT;
    if (topK > near.length && !whole) continue;
    near.sort((a, b) => logits[b]! - logits[a]! || a - b);
    const candidates = topK > 0 ? near.slice(0, topK) : near;
    const weights = candidates.map((i) => Math.exp((logits[i]! - top) / temperature));
    const mass = topK > 0 ? weights.reduce((a, b) => a + b, 0) : total;
    let sum = 0;
    for (const [n, w] of weights.entries()) {
      sum += w;
      if (sum >= topP * mass) return candidates.slice(0, n + 1);
    }
    if (whole || topK > 0) return candidates;
  }
}
