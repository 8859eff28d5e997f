export {
  type ApplyVectorOptions,
  applyVector,
  applyVectors,
  COMBINATIONS,
  type Combination,
  checkBinding,
  checkFit,
  checkSigner,
} from './apply-vector.js';
export { type Baked, type BakeOptions, bakeVector } from './bake.js';
export { type Contrast, readContrasts, SITES, type Site } from './contrast.js';
export {
  type Applied,
  basesOf,
  bestSetting,
  type Candidate,
  checkBases,
  chooseFolds,
  chooseSetting,
  defaultGrid,
  type FoldChoice,
  type Grid,
  type InnerScore,
  isGood,
  meanScores,
  type OrdinaryLoss,
  otherBases,
  QUALITY,
  type Quality,
  REACHES,
  type Reach,
  refuseOverlap,
  type ScoredSetting,
  type Setting,
  STRENGTHS,
  scoreInnerFolds,
  steering,
  vectorFor,
} from './crossvalidate.js';
export { decisiveTexts } from './decisive.js';
export { type Dictionary, readDictionary } from './dictionary.js';
export {
  directionOf,
  METHODS,
  type Method,
  meanDifference,
  orthogonalLike,
  randomLike,
  scaledLike,
  shuffledLike,
  stability,
  strongestFeature,
} from './directions.js';
export {
  EXCHANGE_FORMATS,
  type ExchangeFormat,
  exportVector,
  type ImportOptions,
  importVector,
} from './exchange/exchange.js';
export {
  checkGate,
  type GateFile,
  type GateRate,
  gateTexts,
  readGate,
  writeGate,
} from './gate/file.js';
export { GATE_METHODS, type GateMethod } from './gate/heads.js';
export { concernedPrompts, type GatePrompt, readOrdinaryPrompts } from './gate/prompts.js';
export { type Decision, type RouteOptions, routeVectors } from './gate/route.js';
export {
  type GateEvaluation,
  type TrainGateOptions,
  trainGate,
} from './gate/train.js';
export {
  readVector,
  signVector,
  VECTOR_POSITIONS,
  type VectorFile,
  type VectorMetadata,
  vectorTexts,
  writeVector,
} from './vector-file.js';
