// Forward passes in plain loops over float64, to compare the graphs with. They share no code with
// them: each family's test writes its model from the published definition with these few words.

/** One vector for each position. */
export type Rows = readonly Float64Array[];

/** A checkpoint's weights; remembers which were read. */
export class OracleWeights {
  readonly #tensors: ReadonlyMap<string, { dims: readonly number[]; data: ArrayLike<number> }>;
  readonly #read = new Set<string>();

  constructor(tensors: ReadonlyMap<string, { dims: readonly number[]; data: ArrayLike<number> }>) {
    this.#tensors = tensors;
  }

  /** Those that nothing asked for: the graph has a weight that the definition has not. */
  get unread(): string[] {
    return [...this.#tensors.keys()].filter((name) => !this.#read.has(name));
  }

  vector(name: string, size: number): Float64Array {
    return Float64Array.from(this.#get(name, [size]));
  }

  /** [rows, columns] as `rows` vectors. */
  matrix(name: string, rows: number, columns: number): Rows {
    const data = Float64Array.from(this.#get(name, [rows, columns]));
    return Array.from({ length: rows }, (_, i) => data.subarray(i * columns, (i + 1) * columns));
  }

  embedding(module: string, ids: readonly number[], rows: number, width: number): Rows {
    const table = this.matrix(`${module}.weight`, rows, width);
    return ids.map((id) => table[id]!);
  }

  /** A linear layer, its weight [out, in], or [in, out] as `conv1d`. */
  linear(
    module: string,
    x: Rows,
    out: number,
    { bias = false, conv1d = false, weight = `${module}.weight` } = {},
  ): Rows {
    const width = x[0]!.length;
    const columns = conv1d
      ? transposed(this.matrix(weight, width, out))
      : this.matrix(weight, out, width);
    const shift = bias ? this.vector(`${module}.bias`, out) : new Float64Array(out);
    return x.map((row) => Float64Array.from(columns, (column, i) => dot(row, column) + shift[i]!));
  }

  layerNorm(module: string, x: Rows, epsilon: number, { bias = true } = {}): Rows {
    const width = x[0]!.length;
    const weight = this.vector(`${module}.weight`, width);
    const shift = bias ? this.vector(`${module}.bias`, width) : new Float64Array(width);
    return x.map((row) => {
      const mean = sum(row) / width;
      const variance = sum(row.map((value) => (value - mean) ** 2)) / width;
      const size = Math.sqrt(variance + epsilon);
      return row.map((value, i) => ((value - mean) / size) * weight[i]! + shift[i]!);
    });
  }

  /** @param shift added to the weight: 1 in Gemma */
  rmsNorm(module: string, x: Rows, epsilon: number, shift = 0): Rows {
    const width = x[0]!.length;
    const weight = this.vector(`${module}.weight`, width);
    return x.map((row) => {
      const size = Math.sqrt(dot(row, row) / width + epsilon);
      return row.map((value, i) => (value / size) * (weight[i]! + shift));
    });
  }

  #get(name: string, dims: readonly number[]): ArrayLike<number> {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw new Error(`the graph does not ask for ${name}`);
    if (tensor.dims.join() !== dims.join()) {
      throw new Error(`the graph wants ${name} as [${tensor.dims}], the definition as [${dims}]`);
    }
    this.#read.add(name);
    return tensor.data;
  }
}

export const sum = (x: Float64Array): number => x.reduce((a, b) => a + b, 0);
export function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}
export const map = (x: Rows, f: (value: number) => number): Rows => x.map((row) => row.map(f));
export const zip = (a: Rows, b: Rows, f: (x: number, y: number) => number): Rows =>
  a.map((row, i) => row.map((x, j) => f(x, b[i]![j]!)));
export const add = (...all: Rows[]): Rows => all.reduce((a, b) => zip(a, b, (x, y) => x + y));
export const mul = (a: Rows, b: Rows): Rows => zip(a, b, (x, y) => x * y);

function transposed(x: Rows): Rows {
  return Array.from(x[0]!, (_, j) => Float64Array.from(x, (row) => row[j]!));
}

/** Columns `from` up to, without, `to`. */
export const columns = (x: Rows, from: number, to: number): Rows =>
  x.map((row) => row.slice(from, to));

/** Pieces of equal width, side by side: heads. */
export function pieces(x: Rows, count: number): Rows[] {
  const width = x[0]!.length / count;
  return Array.from({ length: count }, (_, i) => columns(x, i * width, (i + 1) * width));
}

/** The pieces side by side again. */
export function join(parts: readonly Rows[]): Rows {
  return parts[0]!.map((_, t) => Float64Array.from(parts.flatMap((part) => [...part[t]!])));
}

/** 1 / theta^(2i / dim) */
export const frequencies = (theta: number, dim: number): number[] =>
  Array.from({ length: dim / 2 }, (_, i) => theta ** (-(2 * i) / dim));

/** Rotates the first values of one head: value i against value i + half (NeoX's and Llama's way). */
export function rotateHalves(head: Rows, inverse: readonly number[], factor = 1): Rows {
  const half = inverse.length;
  return rotate(head, inverse, (i) => [i, i + half], factor);
}

/** Rotates the first values of one head: each even one against its neighbour (GPT-J's way). */
export function rotateNeighbours(head: Rows, inverse: readonly number[]): Rows {
  return rotate(head, inverse, (i) => [2 * i, 2 * i + 1], 1);
}

function rotate(
  head: Rows,
  inverse: readonly number[],
  pair: (i: number) => [number, number],
  factor: number,
): Rows {
  return head.map((row, position) => {
    const rotated = row.slice();
    for (const [i, frequency] of inverse.entries()) {
      const [a, b] = pair(i);
      const cos = factor * Math.cos(position * frequency);
      const sin = factor * Math.sin(position * frequency);
      rotated[a] = row[a]! * cos - row[b]! * sin;
      rotated[b] = row[b]! * cos + row[a]! * sin;
    }
    return rotated;
  });
}

/** Causal attention of one head. */
export function attend(
  q: Rows,
  k: Rows,
  v: Rows,
  options: { scale: number; window?: number | undefined; softcap?: number | undefined },
): Rows {
  const { scale, window = Number.POSITIVE_INFINITY, softcap } = options;
  return q.map((query, t) => {
    const seen = [...k.keys()].filter((j) => j <= t && j > t - window);
    const scores = seen.map((j) => {
      const score = dot(query, k[j]!) * scale;
      return softcap === undefined ? score : softcap * Math.tanh(score / softcap);
    });
    const largest = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - largest));
    const total = powers.reduce((a, b) => a + b);
    return v[t]!.map((_, i) =>
      seen.reduce((mixed, j, n) => mixed + (powers[n]! / total) * v[j]![i]!, 0),
    );
  });
}

/** Attention of all heads; each head of keys and values serves `q.length / k.length` of queries. */
export function attendAll(
  q: readonly Rows[],
  k: readonly Rows[],
  v: readonly Rows[],
  options: Parameters<typeof attend>[3],
): Rows {
  const group = q.length / k.length;
  const at = (i: number) => Math.floor(i / group);
  return join(q.map((query, i) => attend(query, k[at(i)]!, v[at(i)]!, options)));
}

export const silu = (x: number): number => x / (1 + Math.exp(-x));
export const relu = (x: number): number => Math.max(x, 0);
export const gelu = (x: number): number => (x / 2) * (1 + erf(x / Math.SQRT2));
export const geluTanh = (x: number): number =>
  (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

/** By its series of positive terms (Abramowitz & Stegun 7.1.6). */
function erf(x: number): number {
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}
