export { type Checkpoint, cacheDir, DEFAULT_MODEL, openModel } from './checkpoint.js';
export { Device, type DeviceOptions, type DeviceTensor, type Feed } from './device.js';
export type { GenerateOptions, Sample } from './generate.js';
export type { Intervention, Positions } from './interventions.js';
export {
  type ForwardOptions,
  type ForwardResult,
  type LoadOptions,
  loadModel,
  Model,
  type Prompts,
} from './model.js';
export type { SamplingOptions } from './sampling.js';
