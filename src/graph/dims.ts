import { SutureError } from '../core/index.js';

/**
 * One dimension of a shape: a number, or a symbol that is fixed at run time.
 *
 * Symbols compose: `'b*s'` is a product, `'past+s'` a sum. A symbol ending in `|1` stands for
 * "this dimension or 1" and broadcasts against it: `'b|1'` with `'b'` gives `'b'`.
 */
export type Dim = number | string;
export type Dims = readonly Dim[];

/** Product of dimensions, in a canonical form, so that equal products compare equal. */
export function dimProduct(dims: Dims): Dim {
  let coefficient = 1;
  const symbols: string[] = [];
  for (const dim of dims) {
    if (typeof dim === 'number') {
      coefficient *= dim;
      continue;
    }
    for (const factor of dim.includes('+') ? [`(${dim})`] : dim.split('*')) {
      if (/^\d+$/.test(factor)) coefficient *= Number(factor);
      else symbols.push(factor);
    }
  }
  if (symbols.length === 0 || coefficient === 0) return coefficient;
  const product = symbols.sort().join('*');
  if (coefficient !== 1) return `${coefficient}*${product}`;
  return symbols.length === 1 ? product.replace(/^\((.*)\)$/, '$1') : product;
}

/** Sum of dimensions, in a canonical form: `'s'` and `'s'` give `'2*s'`. */
export function dimSum(dims: Dims): Dim {
  let constant = 0;
  const counts = new Map<string, number>();
  for (const term of dims.flatMap((dim) => String(dim).split('+'))) {
    if (/^\d+$/.test(term)) {
      constant += Number(term);
      continue;
    }
    const [, count = '1', symbol = term] = /^(\d+)\*(.+)$/.exec(term) ?? [];
    counts.set(symbol, (counts.get(symbol) ?? 0) + Number(count));
  }
  if (counts.size === 0) return constant;
  const terms = [...counts].map(([symbol, n]) => String(dimProduct([n, symbol])));
  if (constant !== 0) terms.push(String(constant));
  return terms.sort().join('+');
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
