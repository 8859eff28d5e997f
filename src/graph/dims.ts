import { SutureError } from '../core/index.js';

/**
 * One dimension of a shape: a number, or a symbol that is fixed at run time.
 *
 * Symbols compose: `'b*s'` is a product, `'past+s'` a sum, and products are multiplied out:
 * `'2*b*s+b*past'`. A symbol ending in `|1` stands for
 * "this dimension or 1" and broadcasts against it: `'b|1'` with `'b'` gives `'b'`.
 */
export type Dim = number | string;
export type Dims = readonly Dim[];

/** Product of dimensions, in a canonical form, so that equal products compare equal. */
export function dimProduct(dims: Dims): Dim {
  return show(dims.map(polynomial).reduce(times, new Map([['', 1]])));
}

/** Sum of dimensions, in the same form: `'s'` and `'s'` give `'2*s'`. */
export function dimSum(dims: Dims): Dim {
  return show(dims.map(polynomial).reduce(plus, new Map()));
}

/** A dimension as its terms: sorted symbols joined by `*` (none: the constant) -> coefficient. */
type Polynomial = ReadonlyMap<string, number>;

function polynomial(dim: Dim): Polynomial {
  return String(dim)
    .split('+')
    .map((term) => term.split('*').map(factorOf).reduce(times))
    .reduce(plus);
}

function factorOf(text: string): Polynomial {
  return /^\d+$/.test(text) ? new Map([['', Number(text)]]) : new Map([[text, 1]]);
}

function plus(a: Polynomial, b: Polynomial): Polynomial {
  const sum = new Map(a);
  for (const [term, n] of b) sum.set(term, (sum.get(term) ?? 0) + n);
  return sum;
}

function times(a: Polynomial, b: Polynomial): Polynomial {
  const symbols = (term: string) => (term === '' ? [] : term.split('*'));
  const parts = [...a].flatMap(([x, n]) =>
    [...b].map(([y, m]) => {
      const term = [...symbols(x), ...symbols(y)].sort().join('*');
      return new Map([[term, n * m]]);
    }),
  );
  return parts.reduce(plus, new Map());
}

function show(terms: Polynomial): Dim {
  const constant = terms.get('') ?? 0;
  const symbolic = [...terms].filter(([term, n]) => term !== '' && n !== 0);
  if (symbolic.length === 0) return constant;
  const texts = symbolic.map(([term, n]) => (n === 1 ? term : `${n}*${term}`));
  if (constant !== 0) texts.push(String(constant));
  return texts.sort().join('+');
}

/** The shape that `a` and `b` broadcast to by NumPy's rule; a clash names the op and both shapes. */
export function broadcastDims(op: string, a: Dims, b: Dims): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x === y || y === 1 || y === `${x}|1`) return x;
    if (x === 1 || x === `${y}|1`) return y;
    throw shapeClash(op, a, b);
  });
}

export function sameDims(a: Dims, b: Dims): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

export const showDims = (dims: Dims): string => `[${dims.join(', ')}]`;

/** The error for shapes that do not fit one another in `op`. */
export function shapeClash(op: string, a: Dims, b: Dims, why = 'do not fit'): SutureError {
  return new SutureError('BAD_GRAPH', `${op}: shapes ${showDims(a)} and ${showDims(b)} ${why}.`);
}

/** Resolves a possibly negative axis; out of range names the op and the shape. */
export function resolveAxis(op: string, axis: number, dims: Dims): number {
  const resolved = axis < 0 ? axis + dims.length : axis;
  if (resolved < 0 || resolved >= dims.length) {
    throw new SutureError('BAD_GRAPH', `${op}: axis ${axis} is outside shape ${showDims(dims)}.`);
  }
  return resolved;
}
