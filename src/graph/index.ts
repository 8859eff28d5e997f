export { type Dim, type Dims, dimProduct } from './dims.js';
export { gradients, recomputed } from './gradients.js';
export { type ExternalData, Graph, type Node, Value } from './graph.js';
export { gelu, geluTanh, quickGelu, relu, silu } from './ops/activations.js';
export {
  add,
  and,
  detach,
  div,
  equal,
  exp,
  greater,
  lessOrEqual,
  log,
  mul,
  neg,
  scale,
  sigmoid,
  sqrt,
  sub,
  tanh,
  where,
} from './ops/elementwise.js';
export { matmul } from './ops/matmul.js';
export {
  crossEntropy,
  layerNorm,
  logSigmoid,
  logSoftmax,
  type RotaryOptions,
  rmsNorm,
  rotary,
  softmax,
} from './ops/nn.js';
export { type BlockMatrix, gatherNBits, matMulNBits } from './ops/quantised.js';
export { reduceMean, reduceSum } from './ops/reduce.js';
export { concat, expand, gather, range, reshape, split, transpose } from './ops/shape.js';
export {
  type AdamWSettings,
  type AdamWStep,
  adamW,
  clipGradients,
  globalNorm,
} from './optimise.js';
export { serialize } from './serialize.js';
