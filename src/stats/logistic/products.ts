/** Rows that are taken at once. */
export const TILE = 4;

/**
 * Inner products of four rows with four, over their first `length` columns: sixteen products for
 * eight numbers read. Where rows run out, the last one stands for those that are missing.
 *
 * @param into [4, 4]
 * @param a [n, width], row after row
 */
export function innerProducts4(
  into: Float64Array,
  a: Float64Array,
  { n, width, length }: { n: number; width: number; length: number },
  i: number,
  j: number,
): void {
  const p0 = i * width;
  const p1 = Math.min(i + 1, n - 1) * width;
  const p2 = Math.min(i + 2, n - 1) * width;
  const p3 = Math.min(i + 3, n - 1) * width;
  const q0 = j * width;
  const q1 = Math.min(j + 1, n - 1) * width;
  const q2 = Math.min(j + 2, n - 1) * width;
  const q3 = Math.min(j + 3, n - 1) * width;
  // Named one by one, since only such variables stay in registers.
  let [x00, x01, x02, x03] = [0, 0, 0, 0];
  let [x10, x11, x12, x13] = [0, 0, 0, 0];
  let [x20, x21, x22, x23] = [0, 0, 0, 0];
  let [x30, x31, x32, x33] = [0, 0, 0, 0];
  for (let k = 0; k < length; k++) {
    const b0 = a[q0 + k]!;
    const b1 = a[q1 + k]!;
    const b2 = a[q2 + k]!;
    const b3 = a[q3 + k]!;
    const a0 = a[p0 + k]!;
    x00 += a0 * b0;
    x01 += a0 * b1;
    x02 += a0 * b2;
    x03 += a0 * b3;
    const a1 = a[p1 + k]!;
    x10 += a1 * b0;
    x11 += a1 * b1;
    x12 += a1 * b2;
    x13 += a1 * b3;
    const a2 = a[p2 + k]!;
    x20 += a2 * b0;
    x21 += a2 * b1;
    x22 += a2 * b2;
    x23 += a2 * b3;
    const a3 = a[p3 + k]!;
    x30 += a3 * b0;
    x31 += a3 * b1;
    x32 += a3 * b2;
    x33 += a3 * b3;
  }
  into.set([x00, x01, x02, x03, x10, x11, x12, x13, x20, x21, x22, x23, x30, x31, x32, x33]);
}
