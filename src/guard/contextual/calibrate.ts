import { calibration, type Threshold, thresholdOf } from '../../stats/index.js';

/** What probabilities are brought to before they are believed: logits divided by a temperature, and an offset to `none`. */
export interface Correction {
  temperature: number;
  offset: number;
}

/** How far the probability of a decision is to be believed, before and after the correction. */
export interface Calibrated {
  correction: Correction;
  /** Expected calibration errors; `after` by a correction that was fitted to the other half. */
  before: number;
  after: number;
}

/** Probabilities of classes at some places [n][classes], and which class each is of; 0 is none. */
export interface Judged {
  logProbabilities: readonly Float32Array[];
  labels: readonly number[];
}

/** Steps of the fit: there are two numbers, and the loss is convex in the inverse temperature and the offset. */
const STEPS = 200;

/** The correction under which the classes are most likely. */
export function fitCorrection({ logProbabilities, labels }: Judged): Correction {
  // Newton's method on (1 / temperature, offset).
  let [inverse, offset] = [1, 0];
  const n = labels.length;
  for (let step = 0; step < STEPS; step++) {
    let [g0, g1, h00, h01, h11] = [0, 0, 1e-9, 0, 1e-9];
    for (const [i, row] of logProbabilities.entries()) {
      const p = corrected(row, { temperature: 1 / inverse, offset });
      const mean = row.reduce((sum, x, c) => sum + p[c]! * x, 0);
      const square = row.reduce((sum, x, c) => sum + p[c]! * x * x, 0);
      g0 += mean - row[labels[i]!]!;
      g1 += p[0]! - Number(labels[i] === 0);
      h00 += square - mean * mean;
      h01 += p[0]! * (row[0]! - mean);
      h11 += p[0]! * (1 - p[0]!);
    }
    const determinant = h00 * h11 - h01 * h01;
    if (!(determinant > 0)) break;
    const [d0, d1] = [(h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant];
    // Never turned round, and no leap: where classes are parted without fail the optimum is infinitely far.
    inverse = Math.min(10, Math.max(0.05, inverse - Math.max(-0.5, Math.min(0.5, d0))));
    offset = Math.min(10, Math.max(-10, offset - Math.max(-1, Math.min(1, d1))));
    if (Math.max(Math.abs(d0), Math.abs(d1)) < 1e-7 * n) break;
  }
  return { temperature: 1 / inverse, offset };
}

/** Probabilities after a correction. */
export function corrected(
  logProbabilities: ArrayLike<number>,
  { temperature, offset }: Correction,
): number[] {
  const logits = Array.from(logProbabilities, (x, c) => x / temperature + (c === 0 ? offset : 0));
  const most = Math.max(...logits);
  const powers = logits.map((x) => Math.exp(x - most));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / total);
}

/**
 * Fits the correction, and says what it is worth on cases that it was not fitted to.
 * @param halves which of two halves each case is of: whole groups
 */
export function calibrate(judged: Judged, halves: readonly boolean[]): Calibrated {
  const part = (half: boolean): Judged => ({
    logProbabilities: judged.logProbabilities.filter((_, i) => halves[i] === half),
    labels: judged.labels.filter((_, i) => halves[i] === half),
  });
  const risks = (correction: (i: number) => Correction) =>
    judged.logProbabilities.map((row, i) => 1 - corrected(row, correction(i))[0]!);
  const happened = judged.labels.map((label) => label !== 0);
  const none: Correction = { temperature: 1, offset: 0 };
  const [first, second] = [fitCorrection(part(true)), fitCorrection(part(false))];
  return {
    correction: fitCorrection(judged),
    before: calibration(
      risks(() => none),
      happened,
    ).ece,
    after: calibration(
      risks((i) => (halves[i] ? second : first)),
      happened,
    ).ece,
  };
}

/**
 * Above which risk the guard acts: so that in no more than the budget of ordinary texts it acts anywhere.
 * @param risks of each text's places
 */
export const riskThreshold = (risks: readonly (readonly number[])[], budget: number): Threshold =>
  thresholdOf(
    risks.map((own) => Math.max(0, ...own)),
    budget,
  );

/** What strengths are tried. */
const STRENGTHS = [0.25, 0.5, 1, 2, 4, 8] as const;

/** A place at which it is known what the model would write, and what was written. */
export interface Weighed {
  /** Log-probabilities of candidates, and their scores. */
  logProbabilities: readonly number[];
  scores: readonly number[];
  /** Which of them was written; undefined where none was. */
  next: number | undefined;
  /** Which of them the vulnerable function has, where the two part. */
  other: number | undefined;
  risk: number;
  /** For how many such places it stands. */
  weight: number;
  /** Whether secure and vulnerable code part here. */
  parting: boolean;
  /** Places of one group are alike. */
  group: string;
}

export interface StrengthTrial {
  strength: number;
  /** Gain in the log-probability of what was written, in nats, on average over all places. */
  gain: number;
  /** The lower end of its 95 % interval over groups. */
  low: number;
  /** Of the places where functions part: in which share the secure token is the more likely one. */
  secure: number;
}

/**
 * What is added to candidates' logits: each gains by how much its score lies above what is expected of them.
 * @param logits of the candidates, or their log-probabilities
 */
export function biases(
  scores: readonly number[],
  logits: readonly number[],
  strength: number,
): number[] {
  const most = Math.max(...logits);
  const powers = logits.map((x) => Math.exp(x - most));
  const total = powers.reduce((a, b) => a + b, 0);
  const expected = scores.reduce((sum, score, i) => sum + (powers[i]! / total) * score, 0);
  return scores.map((score) => strength * (score - expected));
}

/** Above which risks it is tried to act, where these are above what ordinary texts ask for. */
const THRESHOLDS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8] as const;

/** When and how strongly a guard acts. */
export interface Acting {
  threshold: number;
  strength: number;
  /** All strengths, at that threshold. */
  trials: StrengthTrial[];
}

/** Of the surest gain, so much is enough: what acts less does less harm where it is wrong. */
const ENOUGH = 0.9;

/**
 * The threshold whose gain on secure functions and ordinary code is the surest, by the lower end of its interval over
 * groups, and the smallest strength that has nearly as sure a one. Only strengths count under which the secure token is
 * the more likely one in more of the places where functions part than without; where none has a gain that is sure, the
 * strength is 0: no guidance.
 *
 * @param least the threshold that ordinary texts ask for
 */
export function chooseActing(places: readonly Weighed[], least: number): Acting {
  const all = [least, ...THRESHOLDS.filter((one) => one > least)].map((threshold) => {
    const trials = [0, ...STRENGTHS].map((strength) => tryStrength(places, threshold, strength));
    const without = trials[0]!.secure;
    const sure = trials.filter(({ low, secure }) => low > 0 && secure > without);
    const most = Math.max(0, ...sure.map(({ low }) => low));
    const enough = sure.find(({ low }) => low >= ENOUGH * most);
    return { threshold, strength: enough?.strength ?? 0, trials, most };
  });
  const { most: _, ...acting } = all.reduce((a, b) => (b.most > a.most ? b : a));
  return acting;
}

/** Half the width of a normal 95 % interval, in standard errors. */
const Z = 1.96;

function tryStrength(
  places: readonly Weighed[],
  threshold: number,
  strength: number,
): StrengthTrial {
  const groups = new Map<string, { gain: number; weight: number }>();
  let [secure, partings] = [0, 0];
  for (const { logProbabilities, scores, next, other, risk, weight, parting, group } of places) {
    const added =
      risk > threshold ? biases(scores, logProbabilities, strength) : scores.map(() => 0);
    // All tokens' probabilities add up to 1 again: those of the others only shrink.
    const norm = Math.log1p(
      added.reduce((sum, x, i) => sum + Math.exp(logProbabilities[i]!) * Math.expm1(x), 0),
    );
    const own = groups.get(group) ?? { gain: 0, weight: 0 };
    own.gain += weight * ((next === undefined ? 0 : added[next]!) - norm);
    own.weight += weight;
    groups.set(group, own);
    if (!parting) continue;
    const likely = (i: number | undefined) =>
      i === undefined ? Number.NEGATIVE_INFINITY : logProbabilities[i]! + added[i]!;
    partings++;
    if (likely(next) > likely(other)) secure++;
  }
  const { gain, error } = ratio([...groups.values()]);
  return { strength, gain, low: gain - Z * error, secure: secure / Math.max(1, partings) };
}

/** Gain by weight over groups, and its standard error by linearisation: groups, not places, are drawn. */
function ratio(groups: readonly { gain: number; weight: number }[]) {
  const total = groups.reduce((sum, { weight }) => sum + weight, 0);
  const gain = groups.reduce((sum, one) => sum + one.gain, 0) / total;
  const squares = groups.reduce((sum, one) => sum + (one.gain - gain * one.weight) ** 2, 0);
  const n = groups.length;
  // One group says nothing of others.
  const error = n < 2 ? Number.POSITIVE_INFINITY : Math.sqrt((squares * n) / (n - 1)) / total;
  return { gain, error: gain === 0 && squares === 0 ? 0 : error };
}
