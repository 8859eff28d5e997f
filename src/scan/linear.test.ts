import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Facts, Linear, type Unknown } from './linear.js';

const unknown = (name: string): Unknown => ({ name, opaque: false, counter: false });
const [X, Y, Z] = ['x', 'y', 'z'].map((name) => unknown(name)) as [Unknown, Unknown, Unknown];
const [x, y, z] = [X, Y, Z].map((each) => Linear.of(each)) as [Linear, Linear, Linear];

describe('Linear', () => {
  it('adds, subtracts and forgets what cancels', () => {
    const form = x.times(2).plus(y).plus(3).minus(x.times(2));
    expect(form.terms).toEqual([[Y, 1]]);
    expect(form.constant).toBe(3);
    expect(form.minus(y).value).toBe(3);
  });
});

describe('Facts', () => {
  it('chains bounds', () => {
    const facts = new Facts();
    facts.add(x.minus(y));
    facts.add(y.minus(z).plus(1));
    expect(facts.prove(x.minus(z).plus(1))).toBe(true);
    expect(facts.prove(x.minus(z).plus(2))).toBe(false);
    expect(facts.prove(z.minus(x))).toBe(false);
  });

  it('ends on facts that lead in circles', () => {
    const facts = new Facts();
    facts.add(x.minus(y));
    facts.add(y.minus(x));
    expect(facts.prove(x.minus(z))).toBe(false);
  });

  it('takes an unsigned number with an upper bound for the number behind it', () => {
    const facts = new Facts();
    const signed = Linear.of(X);
    const unsigned = Linear.of({ ...unknown('u'), unsignedOf: signed });
    facts.add(unsigned.times(-1));
    expect(facts.prove(signed.minus(64))).toBe(false);
    facts.add(unsigned.minus(64));
    expect(facts.prove(signed.minus(64))).toBe(true);
    expect(facts.prove(signed.times(-1))).toBe(true);
  });

  it('never proves what a model of the facts refutes', () => {
    const form = fc
      .tuple(
        fc.integer({ min: -3, max: 3 }),
        fc.integer({ min: -3, max: 3 }),
        fc.integer({ min: -3, max: 3 }),
        fc.integer({ min: -9, max: 9 }),
      )
      .map(([a, b, c, constant]) => x.times(a).plus(y.times(b)).plus(z.times(c)).plus(constant));
    const model = fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 3, maxLength: 3 });
    const valueIn = (linear: Linear, values: number[]): number =>
      [X, Y, Z].reduce(
        (sum, each, at) => sum + linear.coefficientOf(each) * values[at]!,
        linear.constant,
      );
    fc.assert(
      fc.property(fc.array(form, { maxLength: 6 }), form, model, (known, goal, values) => {
        const facts = new Facts();
        for (const fact of known) if (valueIn(fact, values) <= 0) facts.add(fact);
        if (facts.prove(goal)) expect(valueIn(goal, values)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 2000 },
    );
  });
});
