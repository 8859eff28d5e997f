/**
 * Suture as a library.
 *
 * @module
 * @example
 * import { applyVector, loadModel, readVector } from 'suture';
 * const model = await loadModel('organism');
 * const vector = readVector('runs/repair-cwe-787-seed0/cwe-787.safetensors');
 * const interventions = applyVector(vector, model);
 * const { samples } = await model.generate({ text: '...' }, { interventions });
 * await model.close();
 */
export { type ErrorCode, SutureError } from './core/index.js';
export {
  type Answer,
  type DiagnoseMetrics,
  type DiagnoseOptions,
  diagnose,
  diagnoseConfig,
  type FormatReliabilityGap,
  formatReliabilityGap,
  type Review,
  type ReviewAccuracy,
  review,
  reviewAccuracy,
} from './diagnose/index.js';
export {
  type Comparison,
  type ForwardOptions,
  type ForwardResult,
  type Gate,
  type GenerateOptions,
  type Inspection,
  type Intervention,
  identifyModel,
  inspectModel,
  type LoadOptions,
  loadModel,
  type Merged,
  type Model,
  type ModelIdentity,
  mergeAdapter,
  type Positions,
  type Prefix,
  type Prompts,
  type Pulled,
  type PullOptions,
  pullModel,
  type RowPositions,
  type Sample,
  type TokenComparison,
  type Verification,
  type VerifyOptions,
  verify,
} from './engine/index.js';
export type { Completion, Judgement, PromptPair, ReviewItem } from './evaluate/index.js';
export {
  complete,
  type FunctionPair,
  functionPairOf,
  instructOrdinary,
  instructPairs,
  instructReviewItems,
  outcomeRates,
  readFunctionPairs,
  readPairs,
  readReviewItems,
} from './evaluate/index.js';
export {
  CONTEXTUAL,
  type ConstrainedCompletions,
  type ConstrainedOptions,
  type ConstrainedSample,
  ContextualGuide,
  type ContextualGuideOptions,
  type ContextualOptions,
  type ContextualRun,
  type ContextualSettings,
  CoSecGuide,
  type CoSecGuideOptions,
  type CoSecOptions,
  type CoSecRun,
  constrained,
  DeepGuardGuide,
  type DeepGuardOptions,
  type DeepGuardRun,
  type DeepGuardSettings,
  type DiffLevel,
  distinctPairs,
  type ExpertVariant,
  type GuideOptions,
  groupedSplit,
  type LengthPolicy,
  type OrdinaryAnswer,
  type OrdinaryRequest,
  type OrdinaryText,
  openPrefix,
  ordinaryTexts,
  type PrefixFile,
  readAnswers,
  type SafeCoderOptions,
  type SafeCoderRun,
  type SvenOptions,
  type SvenRun,
  type TokenOptions,
  type TokenPair,
  tokenPairs,
  trainContextual,
  trainCoSec,
  trainDeepGuard,
  trainSafeCoder,
  trainSven,
  VARIANTS,
  type Variant,
} from './guard/index.js';
export {
  corpus,
  ordinaryPrompts,
  pairs,
  reviewItems,
  trainOrganism,
  utilityTasks,
} from './organism/index.js';
export { type RepairMetrics, type RepairOptions, repair } from './repair/index.js';
export { renderDiagnoseReport, renderRepairReport } from './report/index.js';
export {
  type Limits,
  type Program,
  type RunResult,
  Sandbox,
  type SandboxOptions,
  type TestedCode,
  type TestVerdict,
} from './sandbox/index.js';
export { CWES, type Cwe, type Language, Scanner, type Verdict } from './scan/index.js';
export { type RunningServer, type ServerOptions, startServer } from './server/index.js';
export {
  type ApplyVectorOptions,
  applyVector,
  type Baked,
  type BakeOptions,
  bakeVector,
  concernedPrompts,
  type ExchangeFormat,
  exportVector,
  type GateEvaluation,
  type GateFile,
  type GatePrompt,
  type ImportOptions,
  importVector,
  meanDifference,
  type RouteOptions,
  readContrasts,
  readGate,
  readOrdinaryPrompts,
  readVector,
  routeVectors,
  signVector,
  steering,
  type TrainGateOptions,
  trainGate,
  type VectorFile,
  type VectorMetadata,
  writeGate,
  writeVector,
} from './steer/index.js';
export type { Tensor } from './tensor/index.js';
export {
  initialLora,
  initialWeights,
  loraTargets,
  PackedData,
  Trainer,
  type TrainOptions,
  writeAdapter,
} from './train/index.js';
export {
  SYSTEMS,
  type System,
  type TrialMetrics,
  type TrialOptions,
  trial,
} from './trial/index.js';
