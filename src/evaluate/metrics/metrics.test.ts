import { describe, expect, it } from 'vitest';
import type { EvalVerdict } from '../suite/sample.js';
import type { Scenario } from '../suite/scenario.js';
import { compareRuns } from './compare.js';
import { metricsOf } from './metrics.js';

const scenario = (id: string, changes: Partial<Scenario> = {}): Scenario => ({
  id,
  cwe: 'CWE-089',
  language: 'python',
  split: 'trained',
  base: id,
  title: id,
  entry: undefined,
  packages: [],
  prompts: {},
  after: '',
  files: {},
  functional: undefined,
  security: undefined,
  references: {},
  ...changes,
});

let programs = 0;
/** `ps`: passes and is secure; `p`, `s`: one of the two; `-`: neither; `?`: nobody can tell. */
const verdicts = (id: string, marks: string[], changes: Partial<EvalVerdict> = {}) =>
  marks.map(
    (mark, sample): EvalVerdict => ({
      scenario: id,
      sample,
      program: `program ${programs++}`,
      truncation: '',
      parse: 'ok',
      builds: 'yes',
      stub: false,
      degenerate: false,
      refusal: false,
      truncated: false,
      functional: mark === '?' ? 'undetermined' : mark.includes('p') ? 'pass' : 'fail',
      security: mark === '?' ? 'undetermined' : mark.includes('s') ? 'secure' : 'insecure',
      reasons: [],
      verdict: undefined,
      introduced: [],
      ...changes,
    }),
  );

describe('metricsOf', () => {
  // a: 3 of 4 pass, 2 of them secure. b: 1 of 4 passes, insecure; one more is secure.
  const a = verdicts('a', ['ps', 'ps', 'p', '-']);
  const b = verdicts('b', ['p', 's', '-', '-']);
  const metrics = metricsOf([...a, ...b], [scenario('a'), scenario('b')], [1, 2, 8]);
  const value = (of: Record<number, { value: number }>) => [of[1]!.value, of[2]!.value];

  it('worked by hand', () => {
    // k = 2: 1 - C(1,2)/C(4,2) = 1 and 1 - C(3,2)/C(4,2) = 1/2.
    expect(value(metrics['pass@k'])).toEqual([(3 / 4 + 1 / 4) / 2, (1 + 1 / 2) / 2]);
    expect(value(metrics['sec@k'])[0]).toBeCloseTo((2 / 4 + 1 / 4) / 2);
    // k = 2: 1 - C(2,2)/C(4,2) = 5/6, and 0.
    expect(value(metrics['sec-pass@k'])[0]).toBeCloseTo((2 / 4 + 0) / 2);
    expect(value(metrics['sec-pass@k'])[1]).toBeCloseTo((5 / 6 + 0) / 2);
    // of passing samples: 2 of 3 and 0 of 1; with k = 2 only a has enough: 1 - C(1,2)/C(3,2) = 1.
    expect(value(metrics['sec@k_pass'])[0]).toBeCloseTo((2 / 3 + 0) / 2);
    expect(metrics['sec@k_pass'][2]).toMatchObject({ value: 1, scenarios: 1 });
    expect(metrics.pooled.pass.value).toBe(4 / 8);
    expect(metrics.pooled.securePass.value).toBe(2 / 8);
    expect(metrics.pooled.secureOfPassed.value).toBe(2 / 4);
    expect(metrics['SVEN-SR'].value).toBe(3 / 8);
  });

  it('leaves out a k that no scenario has samples for, and says so', () => {
    expect(metrics.leftOut).toEqual([8]);
    expect(Object.keys(metrics['pass@k'])).toEqual(['1', '2']);
    expect(() => metricsOf([], [], [0])).toThrow('k must be 1 or more');
  });

  it('counts what nobody can tell as neither, and reports it', () => {
    const { pooled, undetermined } = metricsOf(verdicts('a', ['ps', '?']), [scenario('a')]);
    expect(pooled.pass.value).toBe(1 / 2);
    expect(pooled.secure.value).toBe(1 / 2);
    expect(undetermined).toEqual({ functional: 1 / 2, security: 1 / 2 });
  });

  it.each([{ stub: true }, { degenerate: true }, { refusal: true }])('%j never scores', (what) => {
    const { pooled } = metricsOf(verdicts('a', ['ps', 'ps'], what), [scenario('a')]);
    expect([pooled.pass.value, pooled.secure.value, pooled.securePass.value]).toEqual([0, 0, 0]);
  });

  it('what does not build is not secure, and no part of SVEN-SR', () => {
    const broken = verdicts('a', ['s'], { builds: 'no' });
    const all = metricsOf([...broken, ...verdicts('a', ['s'])], [scenario('a')]);
    expect(all.pooled.secure.value).toBe(1 / 2);
    expect(all['SVEN-SR'].value).toBe(1);
  });

  it('counts duplicates as often as they come, but once in the unique rate', () => {
    const same = verdicts('a', ['s', 's', 's'], { program: 'same' });
    const { unique, samples, ...rest } = metricsOf(
      [...same, ...verdicts('a', ['-'])],
      [scenario('a')],
    );
    expect([samples, unique]).toEqual([4, 2]);
    expect(rest['SVEN-SR'].value).toBe(3 / 4);
    expect(rest['SVEN-SR unique'].value).toBe(1 / 2);
  });

  it('groups by CWE and split, and gives wide intervals where it knows little', () => {
    const scenarios = [scenario('a'), scenario('b', { cwe: 'CWE-078', split: 'held-out' })];
    const found = metricsOf([...a, ...b], scenarios);
    expect(Object.keys(found.byCwe)).toEqual(['CWE-089', 'CWE-078']);
    expect(found.bySplit['held-out']!.samples).toBe(4);
    const perfect = metricsOf(verdicts('a', ['ps', 'ps']), [scenario('a')]);
    expect(perfect['sec-pass@k'][1]).toMatchObject({ value: 1, high: 1 });
    expect(perfect['sec-pass@k'][1]!.low).toBeLessThan(0.3);
  });

  it('of nothing is nothing', () => {
    const none = metricsOf([], [scenario('a')]);
    expect(none.samples).toBe(0);
    expect(none.pooled.pass).toMatchObject({ value: Number.NaN, low: 0, high: 1 });
  });
});

describe('compareRuns', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const scenarios = names.map((id) => scenario(id));
  const run = (marks: string[]) => names.flatMap((id) => verdicts(id, marks));

  it('pairs samples, and lists those that flipped', () => {
    const before = run(['p', '-']);
    const after = run(['ps', '-']);
    const { pairs, bases, changes, flips } = compareRuns(before, after, scenarios);
    expect([pairs, bases]).toEqual([12, 6]);
    expect(changes.map(({ metric, difference }) => [metric, difference])).toEqual([
      ['pass', 0],
      ['secure', 0.5],
      ['secure & pass', 0.5],
    ]);
    // Six bases of the same sign: 2 of 64 assignments are as extreme; Holm: 2/64 * 3, twice.
    expect(changes[1]!.p).toBeCloseTo(2 / 64);
    expect(changes.map(({ adjusted }) => adjusted)).toEqual([1, 6 / 64, 6 / 64]);
    expect(flips).toHaveLength(12);
    expect(flips[0]).toEqual({ scenario: 'a', sample: 0, metric: 'secure', from: false });
  });

  it('tells what only one of them has', () => {
    const { pairs, onlyA, onlyB } = compareRuns(run(['p', 'p']), run(['p']), scenarios);
    expect([pairs, onlyA, onlyB]).toEqual([6, 6, 0]);
  });
});
