import { broadcastDims, dimProduct, shapeClash } from '../dims.js';
import type { Value } from '../graph.js';
import { scale } from './elementwise.js';
import { reduceTo } from './reduce.js';
import { reshape, transpose } from './shape.js';

export interface MatmulOptions {
  /** Use the transpose of `a` (of its last two axes). Defaults to false. */
  transA?: boolean;
  /** Use the transpose of `b` (of its last two axes). Defaults to false. */
  transB?: boolean;
  /** Multiplies the product. Defaults to 1. */
  alpha?: number;
}

/** Matrix product over the last two axes, batched over the others by broadcasting. */
export function matmul(a: Value, b: Value, options: MatmulOptions = {}): Value {
  const { transA = false, transB = false, alpha = 1 } = options;
  const [m, k] = transA ? [a.dims.at(-1)!, a.dims.at(-2)!] : [a.dims.at(-2)!, a.dims.at(-1)!];
  const [k2, n] = transB ? [b.dims.at(-1)!, b.dims.at(-2)!] : [b.dims.at(-2)!, b.dims.at(-1)!];
  if (k !== k2)
    throw shapeClash('MatMul', a.dims, b.dims, `differ in the summed axis (${k}, ${k2})`);
  const batch = broadcastDims('MatMul', a.dims.slice(0, -2), b.dims.slice(0, -2));
  const output = { dtype: a.dtype, dims: [...batch, m, n] };

  const backward = ([dy]: readonly (Value | undefined)[]): Value[] => {
    // A weight under a batch: fold the batch into the rows, so that its gradient is one product.
    const folds = b.dims.length === 2 && a.dims.length > 2 && !transA;
    const fold = (x: Value) =>
      folds ? reshape(x, [dimProduct(x.dims.slice(0, -1)), x.dims.at(-1)!]) : x;
    const da = transA
      ? matmul(b, dy!, { transA: transB, transB: true, alpha })
      : matmul(dy!, b, { transB: !transB, alpha });
    const db = transB
      ? matmul(fold(dy!), fold(a), { transA: true, transB: transA, alpha })
      : matmul(fold(a), fold(dy!), { transA: !transA, alpha });
    return [reduceTo(da, a.dims), reduceTo(db, b.dims)];
  };

  if (!transA && !transB && alpha === 1) {
    return a.graph.node('MatMul', [a, b], [output], { backward })[0]!;
  }
  if (transA && a.dims.length === 2 && b.dims.length === 2) {
    const attributes = { transA: 1, transB: transB ? 1 : 0, alpha: { float: alpha } };
    return a.graph.node('Gemm', [a, b], [output], { attributes, backward })[0]!;
  }
  if (a.graph.standardProducts) return standardProduct(a, b, { transA, transB, alpha });
  return a.graph.node('FusedMatMul', [a, b], [output], {
    attributes: { transA: transA ? 1 : 0, transB: transB ? 1 : 0, alpha: { float: alpha } },
    domain: 'com.microsoft',
    backward,
  })[0]!;
}

/** The same product without ONNX Runtime's fused operator, for inference: `Gemm` here has no gradient. */
function standardProduct(a: Value, b: Value, { transA, transB, alpha }: Required<MatmulOptions>) {
  if (b.dims.length === 2 && !transA) {
    // The batch goes into the rows: Gemm reads a weight's transpose in place.
    const rows = reshape(a, [dimProduct(a.dims.slice(0, -1)), a.dims.at(-1)!]);
    const n = b.dims[transB ? 0 : 1]!;
    const attributes = { transB: transB ? 1 : 0, alpha: { float: alpha } };
    const product = { dtype: a.dtype, dims: [rows.dims[0]!, n] };
    const y = a.graph.node('Gemm', [rows, b], [product], { attributes })[0]!;
    return reshape(y, [...a.dims.slice(0, -1), n]);
  }
  const turned = (x: Value, turn: boolean) => {
    const axes = x.dims.map((_, axis) => axis);
    return turn ? transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]) : x;
  };
  const y = matmul(turned(a, transA), turned(b, transB));
  return alpha === 1 ? y : scale(y, alpha);
}
