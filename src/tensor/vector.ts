/** Sum of products. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Euclidean length. */
export const norm = (a: ArrayLike<number>): number => Math.sqrt(dot(a, a));

/** Cosine of the angle between two vectors; 0 where one has no length. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const lengths = norm(a) * norm(b);
  return lengths === 0 ? 0 : dot(a, b) / lengths;
}

/** Mean of vectors of one width. */
export function meanOf(vectors: readonly ArrayLike<number>[]): Float32Array {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) for (let i = 0; i < sum.length; i++) sum[i]! += vector[i]!;
  return Float32Array.from(sum, (x) => x / vectors.length);
}

/** `a - b` */
export const difference = (a: Float32Array, b: ArrayLike<number>): Float32Array =>
  a.map((x, i) => x - b[i]!);

/** `factor * a` */
export const scaled = (a: Float32Array, factor: number): Float32Array => a.map((x) => factor * x);

/**
 * The largest difference as a share of the largest value: max|a-b| / max|b|. 0 where they are
 * equal, infinite where their lengths differ, NaN where either holds a NaN.
 */
export function relMax(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    // Math.max keeps a NaN, where a comparison would pass over it.
    most = Math.max(most, Math.abs(a[i]! - b[i]!));
    largest = Math.max(largest, Math.abs(b[i]!));
  }
  return most === 0 ? 0 : most / largest;
}
