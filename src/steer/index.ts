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
  applyVector,
  directionHash,
  readVector,
  type VectorFile,
  type VectorMetadata,
  writeVector,
} from './vector-file.js';
