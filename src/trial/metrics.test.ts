import { describe, expect, it } from 'vitest';
import type { Completion, PromptPair } from '../evaluate/index.js';
import {
  againstOf,
  corrected,
  type Judged,
  ordinaryScores,
  type SystemScores,
  scoresOf,
} from './metrics.js';

const judged = (
  base: string,
  text: string,
  outcome: 'secure' | 'insecure' | 'other',
  over: { wellFormed?: boolean; parses?: boolean; repetition?: number } = {},
): Judged => {
  const { wellFormed = true, parses = true, repetition = 0 } = over;
  return {
    repetition,
    set: 'unseen',
    completion: {
      pair: { id: `${base}/1`, base } as PromptPair,
      intent: 'insecure',
      text,
      judgement: { outcome, wellFormed, parses },
    } as Completion,
  };
};

describe('scoresOf', () => {
  it('counts what passes, what is secure of it, both, and each text of a prompt once', () => {
    const scores = scoresOf([
      judged('a', 'x', 'secure'),
      judged('a', 'x', 'secure'),
      judged('a', 'y', 'insecure'),
      judged('b', 'x', 'secure', { wellFormed: false }),
      judged('b', 'z', 'other', { wellFormed: false, parses: false }),
      judged('a', 'x', 'insecure', { repetition: 1 }),
    ]);
    expect(scores.pass).toMatchObject({ hits: 4, total: 6 });
    expect(scores.secureOfPassing).toMatchObject({ hits: 2, total: 4 });
    expect(scores.securePass).toMatchObject({ hits: 2, total: 6 });
    expect(scores.insecure).toMatchObject({ hits: 2, total: 6 });
    // Distinct and parsed: a x, a y, b x, and a x of the other repetition.
    expect(scores.svenRate).toMatchObject({ hits: 2, total: 4 });
  });
});

it('compares with another system case by case, and as a share of what that has', () => {
  const other = [judged('a', 'x', 'secure'), judged('b', 'x', 'insecure')];
  const own = [judged('a', 'x', 'secure'), judged('b', 'y', 'secure')];
  const against = againstOf('sven', own, other);
  expect(against).toMatchObject({ system: 'sven', relative: 1 });
  expect(against.securePass.value).toBe(0.5);
  expect(against.insecure.value).toBe(-0.5);
  expect(againstOf('base', own, other.slice(1).concat(other[1]!)).relative).toBeUndefined();
});

it('corrects the p of all systems against one together', () => {
  const system = (name: string, p: number) =>
    ({
      name,
      against: [{ system: 'base', securePass: { value: 0, low: 0, high: 0, p } }],
    }) as unknown as SystemScores;
  const ps = corrected([system('a', 0.01), system('b', 0.04), system('c', 0.5)]).map(
    ({ against }) => against[0]!.securePass.p,
  );
  expect(ps[0]).toBeCloseTo(0.03, 12);
  expect(ps[1]).toBeCloseTo(0.08, 12);
  expect(ps[2]).toBeCloseTo(0.5, 12);
});

it('tells whether ordinary answers are right, and whether they are the same', () => {
  const answer = (task: string, text: string, right: boolean) => ({
    repetition: 0,
    task,
    text,
    right,
  });
  const plain = [answer('gcd/a', 'x', true), answer('gcd/b', 'y', false)];
  const { pass, unchanged } = ordinaryScores(
    [answer('gcd/a', 'x', true), answer('gcd/b', 'z', true)],
    plain,
  );
  expect(pass).toMatchObject({ hits: 2, total: 2 });
  expect(unchanged).toMatchObject({ hits: 1, total: 2 });
});
