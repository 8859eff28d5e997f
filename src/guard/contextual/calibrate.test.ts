import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../core/index.js';
import {
  biases,
  calibrate,
  chooseActing,
  corrected,
  fitCorrection,
  riskThreshold,
  type Weighed,
} from './calibrate.js';

/** Cases whose classes are drawn as logits say, told with logits that are twice as sure and shifted. */
function overconfident(n: number) {
  const random = new Random('calibrate');
  const logProbabilities: Float32Array[] = [];
  const labels: number[] = [];
  for (let i = 0; i < n; i++) {
    const logits = [random.normal() + 1, random.normal(), random.normal()];
    const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
    const draw = random.float();
    let sum = 0;
    labels.push(
      logits.findIndex((x) => {
        sum += Math.exp(x) / total;
        return sum > draw;
      }),
    );
    logProbabilities.push(Float32Array.from(logits, (x, c) => 2 * x - (c === 0 ? 1 : 0)));
  }
  return { logProbabilities, labels };
}

describe('calibrate', () => {
  it('finds by how much logits are too sure, and shifted', () => {
    const { temperature, offset } = fitCorrection(overconfident(20_000));
    expect(Math.abs(temperature - 2)).toBeLessThan(0.1);
    expect(Math.abs(offset - 0.5)).toBeLessThan(0.05);
  });

  it('says what the correction is worth where it was not fitted', () => {
    const cases = overconfident(4000);
    const halves = cases.labels.map((_, i) => i % 2 === 0);
    const { before, after } = calibrate(cases, halves);
    expect(before).toBeGreaterThan(0.1);
    expect(after).toBeLessThan(0.03);
  });

  it('ends where classes are parted without fail', () => {
    const { temperature } = fitCorrection({
      logProbabilities: [Float32Array.of(0, -9), Float32Array.of(-9, 0)],
      labels: [0, 1],
    });
    expect(temperature).toBeGreaterThan(0);
    expect(Number.isFinite(temperature)).toBe(true);
  });

  it('gives probabilities', () => {
    expect(corrected([0, Math.log(3)], { temperature: 1, offset: 0 })[1]).toBeCloseTo(0.75, 12);
    // A temperature of 2 takes roots; an offset of log 3 makes "none" three times as likely against the others.
    const [none, other] = corrected([0, Math.log(9)], { temperature: 2, offset: Math.log(3) });
    expect(none).toBeCloseTo(0.5, 12);
    expect(other).toBeCloseTo(0.5, 12);
  });
});

it('sets the threshold by the riskiest place of each ordinary text', () => {
  const texts = Array.from({ length: 19 }, (_, i) => [0.01, i / 100]);
  expect(riskThreshold(texts, 0.05)).toMatchObject({ value: 0.18, prompts: 19, alarms: 0 });
  expect(() => riskThreshold(texts.slice(1), 0.05)).toThrow('needs 19');
});

describe('chooseActing', () => {
  it('weighs candidates against what is expected of them', () => {
    // Probabilities 1/4 and 3/4 of scores 4 and 0: 1 is expected.
    const [first, second] = biases([4, 0], [0, Math.log(3)], 2);
    expect(first).toBeCloseTo(6, 12);
    expect(second).toBeCloseTo(-2, 12);
  });

  const place = (over: Partial<Weighed>): Weighed => ({
    logProbabilities: [Math.log(0.6), Math.log(0.3)],
    scores: [-1, 1],
    next: 1,
    other: 0,
    risk: 0.9,
    weight: 1,
    parting: true,
    group: 'a',
    ...over,
  });

  it('has the likelihood of the whole vocabulary', () => {
    const three = fc
      .tuple(fc.double({ min: -3, max: 3 }), fc.double({ min: -3, max: 3 }))
      .filter((scores) => scores.every(Number.isFinite));
    fc.assert(
      fc.property(three, (scores) => {
        const { trials } = chooseActing([place({ scores })], 0.5);
        for (const { strength, gain } of trials) {
          // Two candidates and what is left of the vocabulary, 0.1 in all.
          const added = biases(scores, [Math.log(0.6), Math.log(0.3)], strength);
          const norm = 0.6 * Math.exp(added[0]!) + 0.3 * Math.exp(added[1]!) + 0.1;
          expect(gain).toBeCloseTo(added[1]! - Math.log(norm), 8);
        }
      }),
      { seed: 1 },
    );
  });

  const two = [place({}), place({ group: 'b' })];
  it('is the smallest one whose gain is nearly the surest, over groups', () => {
    const { strength, trials } = chooseActing(two, 0.5);
    const most = Math.max(...trials.map(({ low }) => low));
    const enough = trials.filter(({ low }) => low >= 0.9 * most);
    expect(strength).toBe(enough[0]!.strength);
    expect(enough.length).toBeGreaterThan(1);
    expect(trials[0]).toEqual({ strength: 0, gain: 0, low: 0, secure: 0 });
    expect(trials.at(-1)!.secure).toBe(1);
    // Groups that are alike leave no doubt.
    expect(trials.at(-1)!.low).toBeCloseTo(trials.at(-1)!.gain, 12);
    // Where the model has the secure token already, there is nothing to act for.
    const settled = two.map((one) => ({ ...one, next: 0, other: 1, scores: [1, -1] }));
    expect(chooseActing(settled, 0.5).strength).toBe(0);
    // What one group alone gains may be chance.
    const doubtful = [place({}), ...['b', 'c'].map((group) => place({ group, scores: [0, 0] }))];
    const { strength: none, trials: tried } = chooseActing(doubtful, 0.5);
    expect(tried.at(-1)!.gain).toBeGreaterThan(0);
    expect(none).toBe(0);
    expect(chooseActing([place({})], 0.5).strength).toBe(0);
    // Ordinary code on which it acts, and to its harm: four such places outweigh the one.
    const ordinary = two.map((one) => ({
      ...one,
      next: 0,
      other: undefined,
      parting: false,
      weight: 4,
    }));
    expect(chooseActing([...two, ...ordinary], 0.5).strength).toBe(0);
    // A threshold above the ordinary code's risk leaves it alone.
    const calm = ordinary.map((one) => ({ ...one, risk: 0.55 }));
    expect(chooseActing([...two, ...calm], 0.5)).toMatchObject({ threshold: 0.6, strength });
    // Below the threshold nothing is done.
    const { trials: idle } = chooseActing(
      two.map((one) => ({ ...one, risk: 0.5 })),
      0.5,
    );
    expect(idle.every(({ gain }) => gain === 0)).toBe(true);
  });

  it('has the standard error of a ratio over groups', () => {
    // Gains g and 0 of groups with weights 1 and 3: the mean is g / 4, deviations 3g/4 and -3g/4.
    const { trials } = chooseActing(
      [place({}), place({ group: 'b', scores: [0, 0], weight: 3 })],
      0.5,
    );
    const { gain, low } = trials.at(-1)!;
    const g = 4 * gain;
    const error = Math.sqrt(2 * 2 * ((3 * g) / 4) ** 2) / 4;
    expect(low).toBeCloseTo(gain - 1.96 * error, 10);
  });
});
