export { openCheckpoint, shardsOf } from './checkpoint.js';
export { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16, fromF32, toF32 } from './convert.js';
export { BYTES, type DType } from './dtype.js';
export {
  readIntegers,
  readPieces,
  readRaw,
  readSafetensors,
  readSafetensorsHeader,
  readTensor,
  type SafetensorsHeader,
  type StreamedTensor,
  streamSafetensors,
  type TensorEntry,
  type WriteOptions,
  writeSafetensors,
} from './safetensors.js';
export { sizeOf, type Tensor, type TypedArray, tensor } from './tensor.js';
export { cosine, difference, dot, meanOf, norm, relMax, scaled } from './vector.js';
