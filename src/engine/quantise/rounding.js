// How weights become small whole numbers: in blocks along the input axis, each with a scale and,
// at 4 bits, a zero point. The layout is that of ONNX Runtime's MatMulNBits.
//
// Plain JavaScript, because worker threads run it as it is.

/**
 * Bits of a weight, and how many weights share a scale.
 *
 * @typedef {object} Format
 * @property {4 | 8} bits
 * @property {32 | 64 | 128} block
 */

/**
 * Rows of quantised weights: w = scale * (code - zero).
 *
 * @typedef {object} Quantised
 * @property {Uint8Array} codes [rows, blocks, block * bits / 8]; at 4 bits the first of two weights is
 *   in the low half of its byte. What fills up the last block of a row stands for 0
 * @property {Float32Array} scales [rows, blocks]
 * @property {Uint8Array} zeros [rows, ceil(blocks / 2)] at 4 bits, two to a byte; empty at 8 bits,
 *   where all are 128
 */

/** By bits: shares of a block's range that its codes may span. What lies beyond is clipped. */
const SPANS = { 4: [1, 0.92, 0.84, 0.76], 8: [1, 0.996, 0.992, 0.988] };

/** A range below this has no normal float32 as its scale: the block is all zeros. */
const TINY = 2 ** -110;

/**
 * What a row of k weights takes: blocks, and bytes of codes and of zero points.
 *
 * @param {number} k
 * @param {Format} format
 */
export function rowSizes(k, { bits, block }) {
  const blocks = Math.ceil(k / block);
  const zeros = bits === 4 ? Math.ceil(blocks / 2) : 0;
  return { blocks, codes: (blocks * block * bits) / 8, zeros };
}

/**
 * Quantises rows of k weights.
 *
 * For given codes c the scale of the smallest squared error is sum(w c) / sum(c c). Every block takes
 * the best of several clippings of its range, each with that scale. Plain rounding over the whole
 * range is among them, so no block comes out worse than that.
 *
 * @param {Float32Array} values [rows, k]
 * @param {number} k
 * @param {Format} format
 * @returns {Quantised | undefined} `undefined` where a weight is infinite or not a number
 */
export function quantiseRows(values, k, format) {
  const { bits, block: size } = format;
  const rows = values.length / k;
  const sizes = rowSizes(k, format);
  const codes = new Uint8Array(rows * sizes.codes);
  const scales = new Float32Array(rows * sizes.blocks);
  const zeros = new Uint8Array(rows * sizes.zeros);
  const block = new Float64Array(size);
  for (let row = 0; row < rows; row++) {
    for (let b = 0; b < sizes.blocks; b++) {
      const from = row * k + b * size;
      const rest = k - b * size;
      for (let i = 0; i < size; i++) {
        block[i] = i < rest ? /** @type {number} */ (values[from + i]) : 0;
      }
      const fitted = bestScale(block, bits);
      if (!fitted) return undefined;
      const { scale, zero } = fitted;
      const at = row * sizes.blocks + b;
      scales[at] = scale;
      if (bits === 8) write8(block, scale, codes, at * size);
      else {
        write4(block, scale, zero, codes, (at * size) / 2);
        const pair = row * sizes.zeros + (b >> 1);
        zeros[pair] = /** @type {number} */ (zeros[pair]) | (zero << (4 * (b & 1)));
      }
    }
  }
  return { codes, scales, zeros };
}

/**
 * The scale (a float32) and zero point of a block.
 *
 * @param {Float64Array} block
 * @param {4 | 8} bits
 * @returns {{ scale: number, zero: number } | undefined} `undefined` for infinity and NaN
 */
function bestScale(block, bits) {
  let low = 0;
  let high = 0;
  let energy = 0;
  for (let i = 0; i < block.length; i++) {
    const w = /** @type {number} */ (block[i]);
    if (w < low) low = w;
    else if (w > high) high = w;
    energy += w * w;
  }
  if (!Number.isFinite(energy)) return undefined;
  const top = 2 ** bits - 1;
  const middle = 2 ** (bits - 1);
  if (high - low < TINY) return { scale: 0, zero: middle };

  const best = { gain: 0, scale: 0, zero: middle };
  for (const span of SPANS[bits]) {
    if (bits === 8)
      consider(block, (span * Math.max(-low, high)) / (middle - 1), middle, top, best);
    else {
      const step = ((high - low) * span) / top;
      const exact = top / 2 - (low + high) / 2 / step;
      const under = Math.max(0, Math.floor(exact));
      consider(block, step, under, top, best);
      if (under !== exact && under < top) consider(block, step, under + 1, top, best);
    }
  }
  return { scale: Math.fround(best.scale), zero: best.zero };
}

/** A double this large has no bits behind the point: adding and taking it away rounds to nearest. */
const ROUND = 1.5 * 2 ** 52;

/**
 * Codes for one step and zero point: with the scale that then fits best, the squared error is
 * sum(w w) - sum(w c)^2 / sum(c c). Keeps the scale and zero point of the largest gain.
 *
 * @param {Float64Array} block
 * @param {number} step
 * @param {number} zero
 * @param {number} top
 * @param {{ gain: number, scale: number, zero: number }} best
 */
function consider(block, step, zero, top, best) {
  const inverse = 1 / step;
  const least = -zero;
  const most = top - zero;
  // Two sums of each kind, so that one addition need not wait for the other.
  let wc = 0;
  let cc = 0;
  let vd = 0;
  let dd = 0;
  for (let i = 0; i < block.length; i += 2) {
    const w = /** @type {number} */ (block[i]);
    const v = /** @type {number} */ (block[i + 1]);
    let c = w * inverse + ROUND - ROUND;
    if (c < least) c = least;
    else if (c > most) c = most;
    let d = v * inverse + ROUND - ROUND;
    if (d < least) d = least;
    else if (d > most) d = most;
    wc += w * c;
    cc += c * c;
    vd += v * d;
    dd += d * d;
  }
  wc += vd;
  cc += dd;
  const gain = (wc * wc) / cc;
  if (gain > best.gain) {
    best.gain = gain;
    best.scale = wc / cc;
    best.zero = zero;
  }
}

/** @param {Float64Array} block @param {number} scale @param {Uint8Array} codes @param {number} at */
function write8(block, scale, codes, at) {
  const inverse = scale === 0 ? 0 : 1 / scale;
  for (let i = 0; i < block.length; i++) {
    const x = /** @type {number} */ (block[i]) * inverse + 128.5;
    codes[at + i] = x > 255 ? 255 : x;
  }
}

/** @param {Float64Array} block @param {number} scale @param {number} zero @param {Uint8Array} codes @param {number} at */
function write4(block, scale, zero, codes, at) {
  const inverse = scale === 0 ? 0 : 1 / scale;
  for (let i = 0; i < block.length; i += 2) {
    const x = /** @type {number} */ (block[i]) * inverse + zero + 0.5;
    const y = /** @type {number} */ (block[i + 1]) * inverse + zero + 0.5;
    codes[at + i / 2] = (x < 0 ? 0 : x > 15 ? 15 : x) | ((y < 0 ? 0 : y > 15 ? 15 : y | 0) << 4);
  }
}
