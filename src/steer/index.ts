export {
  type ApplyVectorOptions,
  applyVector,
  checkBinding,
  checkFit,
  checkSigner,
} from './apply-vector.js';
export { type Baked, type BakeOptions, bakeVector } from './bake.js';
export {
  type Contrast,
  meanDifference,
  readContrasts,
  SITES,
  type Site,
} from './contrast.js';
export {
  basesOf,
  bestSetting,
  checkBases,
  chooseFolds,
  type FoldChoice,
  type InnerScore,
  meanScores,
  type Reach,
  refuseOverlap,
  type ScoredSetting,
  type Setting,
  STRENGTHS,
  scoreInnerFolds,
  steering,
} from './crossvalidate.js';
export {
  EXCHANGE_FORMATS,
  type ExchangeFormat,
  exportVector,
  type ImportOptions,
  importVector,
} from './exchange/exchange.js';
export {
  boundTo,
  readVector,
  signVector,
  VECTOR_POSITIONS,
  type VectorFile,
  type VectorMetadata,
  vectorTexts,
  writeVector,
} from './vector-file.js';
