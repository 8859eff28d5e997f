import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SutureError } from '../core/index.js';
import { broadcastDims, type Dim, dimProduct, dimSum, resolveAxis } from './dims.js';
import { Graph } from './graph.js';
import { add, concat, matmul, reshape, split, transpose, where } from './index.js';

fc.configureGlobal({ seed: 1 });

const SYMBOLS = { b: 3, s: 5, past: 7 } as const;
const leaf = fc.oneof(fc.constantFrom(...Object.keys(SYMBOLS)), fc.nat(4));
/** Sums and products of symbols and numbers, as nested calls would make them. */
const { dim: anyDim } = fc.letrec<{ dim: Dim }>((tie) => ({
  dim: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('dim'), { maxLength: 3 }).map(dimSum),
    fc.array(tie('dim'), { maxLength: 3 }).map(dimProduct),
  ),
}));
const dims = fc.array(anyDim, { minLength: 1, maxLength: 4 });

/** What a dimension is when its symbols have the values of SYMBOLS. */
function numberOf(dim: Dim): number {
  const factor = (text: string) => SYMBOLS[text as keyof typeof SYMBOLS] ?? Number(text);
  const terms = String(dim).split('+');
  return terms
    .map((term) => term.split('*').reduce((product, text) => product * factor(text), 1))
    .reduce((a, b) => a + b, 0);
}

describe('dimProduct and dimSum', () => {
  it('write small cases as expected', () => {
    expect(dimProduct([2, 3])).toBe(6);
    expect(dimProduct([])).toBe(1);
    expect(dimProduct(['s', 'b', 4])).toBe('4*b*s');
    expect(dimProduct(['s', 0])).toBe(0);
    expect(dimProduct(['past+s', 'b'])).toBe('b*past+b*s');
    expect(dimSum([])).toBe(0);
    expect(dimSum(['s', 's'])).toBe('2*s');
    expect(dimSum(['s', 'past'])).toBe('past+s');
    expect(dimSum([2, 's', 3])).toBe('5+s');
  });

  it('have the value of their parts', () => {
    fc.assert(
      fc.property(dims, (parts) => {
        const values = parts.map(numberOf);
        expect(numberOf(dimSum(parts))).toBe(values.reduce((a, b) => a + b, 0));
        expect(numberOf(dimProduct(parts))).toBe(values.reduce((a, b) => a * b, 1));
      }),
    );
  });

  it('do not depend on order or grouping', () => {
    fc.assert(
      fc.property(dims, fc.nat(), (parts, cut) => {
        const at = cut % parts.length;
        for (const combine of [dimSum, dimProduct]) {
          const whole = combine(parts);
          expect(combine(parts.toReversed())).toBe(whole);
          const [left, right] = [parts.slice(0, at), parts.slice(at)];
          expect(combine([combine(left), combine(right)])).toBe(whole);
        }
      }),
    );
  });

  it('distribute', () => {
    fc.assert(
      fc.property(anyDim, anyDim, anyDim, (a, b, c) => {
        const sums = dimSum([dimProduct([a, b]), dimProduct([a, c])]);
        expect(dimProduct([a, dimSum([b, c])])).toBe(sums);
      }),
    );
  });
});

describe('broadcastDims', () => {
  it("follows NumPy's rule, with symbols", () => {
    expect(broadcastDims('Add', ['b', 's', 4], [4])).toEqual(['b', 's', 4]);
    expect(broadcastDims('Add', [2, 1], [1, 3])).toEqual([2, 3]);
    expect(broadcastDims('Add', [], ['b'])).toEqual(['b']);
    expect(broadcastDims('Add', ['b|1', 's|1', 4], ['b', 's', 4])).toEqual(['b', 's', 4]);
    expect(broadcastDims('Add', ['b', 1], ['b|1', 3])).toEqual(['b', 3]);
  });

  it('does not depend on the order of its operands', () => {
    const shape = fc.array(fc.constantFrom<Dim>(1, 2, 'b', 'b|1', 's'), { maxLength: 3 });
    const attempt = (a: Dim[], b: Dim[]) => {
      try {
        return broadcastDims('Add', a, b);
      } catch {
        return 'clash';
      }
    };
    fc.assert(
      fc.property(shape, shape, (a, b) => {
        expect(attempt(a, b)).toEqual(attempt(b, a));
      }),
    );
  });
});

describe('errors name the operation and both shapes', () => {
  const g = new Graph();
  const x = g.input('x', 'f32', ['b', 2, 3]);
  const y = g.input('y', 'f32', [4, 5]);
  const flags = g.input('flags', 'bool', [7]);
  const shapes = [/\[b, 2, 3\]/, /\[4, 5\]/];
  it.each<[string, () => unknown, RegExp[]]>([
    ['Add', () => add(x, y), shapes],
    ['MatMul', () => matmul(x, y), shapes],
    ['Concat', () => concat([x, y], 0), shapes],
    ['Reshape', () => reshape(x, [4, 5]), shapes],
    ['Where', () => where(flags, y, y), [/\[7\]/, /\[4, 5\]/]],
    ['Split', () => split(x, [1, 1], 2), [/\[b, 2, 3\]/, /\[1, 1\]/, /axis 2/]],
    ['Transpose', () => transpose(x, [0, 1]), [/\[b, 2, 3\]/, /\[0,1\]/]],
    ['Gather', () => resolveAxis('Gather', -4, x.dims), [/\[b, 2, 3\]/, /axis -4/]],
  ])('%s', (op, act, patterns) => {
    let thrown: unknown;
    try {
      act();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(SutureError);
    const { code, message } = thrown as SutureError;
    expect(code).toBe('BAD_GRAPH');
    expect(message).toMatch(new RegExp(`^${op}`));
    for (const pattern of patterns) expect(message).toMatch(pattern);
  });
});
