export type { RowPositions } from './capture.js';
export type { OnProgress, WorkOptions } from './checkpoint/content.js';
export { hubDir } from './checkpoint/hub.js';
export { type Inspection, inspectModel, type Sizes } from './checkpoint/inspect.js';
export { type KeptFile, keptFiles, type PruneOptions, pruneKept } from './checkpoint/kept.js';
export type { Fit, Memory, MemoryNeed } from './checkpoint/memory.js';
export { type Pulled, type PullOptions, pullModel } from './checkpoint/pull.js';
export { DEFAULT_MODEL } from './checkpoint/resolve.js';
export { cacheDir } from './checkpoint/store.js';
export {
  refuseExisting,
  type StoredWeight,
  storedNames,
  storedWeights,
  writeVariant,
} from './checkpoint/variant.js';
export { type Checkpoint, DTYPES, openModel, type WeightDType } from './checkpoint.js';
export { type CompletionOptions, checkCounts, type Piece, type Sample } from './completions.js';
export type { ContinuousBatch, ContinuousOptions } from './continuous.js';
export {
  Device,
  type DeviceOptions,
  type DeviceTensor,
  type Feed,
  PROVIDERS,
  type Provider,
} from './device.js';
export { Follower } from './follower.js';
export type { ForwardOptions, ForwardResult } from './forward.js';
export type { Gate } from './gate.js';
export type { GenerateOptions } from './generate.js';
export { boundTo, identifyModel, type ModelIdentity, mismatches } from './identity.js';
export type { Intervention, Positions } from './interventions.js';
export type {
  LogitsContext,
  LogitsOptions,
  LogitsProcessor,
  TokenLogprob,
  Watch,
  WatchedRow,
} from './logits.js';
export { type Merged, mergeAdapter } from './merge.js';
export {
  type LoadOptions,
  loadModel,
  Model,
  type Prompts,
} from './model.js';
export { checkPrefix, ensurePrefixable, type Prefix } from './prefix.js';
export { type Fidelity, fidelity } from './quantise/fidelity.js';
export { type ReadOut, type Translator, translated, unembedded } from './readout.js';
export { checkSampling, distribution, largest, type SamplingOptions } from './sampling.js';
export {
  type Comparison,
  type TokenComparison,
  type Verification,
  type VerifyOptions,
  verify,
} from './verify.js';
