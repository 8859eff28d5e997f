export { distinctPairs, groupedSplit, type NotDistinct } from './data/distinct.js';
export {
  type Cuts,
  DIFF_LEVELS,
  type DiffLevel,
  LENGTH_POLICIES,
  type LengthPolicy,
  type TokenOptions,
  type TokenPair,
  type TokenSequence,
  tokenPairs,
} from './data/tokens.js';
export { type DeepGuardFile, type GuardMetadata, openGuard } from './deepguard/file.js';
export { DeepGuardGuide, type GuideOptions } from './deepguard/guide.js';
export {
  type DeepGuardSettings,
  deepGuardSettings,
  VARIANTS,
  type Variant,
} from './deepguard/settings.js';
export {
  type DeepGuardOptions,
  type DeepGuardRun,
  deepGuardTargets,
  trainDeepGuard,
} from './deepguard/train.js';
export type { Pace, TrainingOptions } from './optimise.js';
export { type OrdinaryAnswer, readAnswers } from './safecoder/answers.js';
export {
  SAFECODER,
  type SafeCoderOptions,
  type SafeCoderRun,
  trainSafeCoder,
} from './safecoder/train.js';
export { openPrefix, type PrefixFile, type PrefixMetadata } from './sven/file.js';
export { CONTROLS, type Control } from './sven/prefix.js';
export { SVEN, type SvenOptions, type SvenRun, svenSize, trainSven } from './sven/train.js';
