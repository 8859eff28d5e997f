export {
  CONSTRAINED,
  type ConstrainedCompletions,
  type ConstrainedOptions,
  type ConstrainedSample,
  constrained,
} from './constrained/beams.js';
export {
  constrainedScenarios,
  generateConstrained,
  readConstraints,
  type SuiteConstraints,
} from './constrained/suite.js';
export type { OrdinaryText } from './contextual/decisions.js';
export {
  ContextualGuide,
  type ContextualGuideOptions,
} from './contextual/guide.js';
export { type OrdinaryRequest, ordinaryTexts } from './contextual/ordinary.js';
export { SCORES, type Scores } from './contextual/scores.js';
export {
  CONTEXTUAL,
  type ContextualSettings,
  contextualSettings,
} from './contextual/settings.js';
export {
  type ContextualOptions,
  type ContextualRun,
  trainContextual,
} from './contextual/train.js';
export {
  CoSecGuide,
  type CoSecGuideOptions,
  EXPERT_VARIANTS,
  type ExpertVariant,
} from './cosec/guide.js';
export {
  COSEC,
  type CoSecOptions,
  type CoSecRun,
  coSecTargets,
  trainCoSec,
} from './cosec/train.js';
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
export { type DeepGuardFile, openGuard } from './deepguard/file.js';
export { DeepGuardGuide, type GuideOptions } from './deepguard/guide.js';
export {
  checkDeepGuardPreset,
  DEEPGUARD_PRESETS,
  DEEPGUARD_SAMPLING,
  type DeepGuardPreset,
  deepGuardPreset,
} from './deepguard/presets.js';
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
export { type GuardFile, type GuardMetadata, type GuardMethod, guardMethod } from './file.js';
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
