export { bagsOfTokens } from './bags.js';
export { type Calibration, calibration } from './calibration.js';
export { type Threshold, thresholdOf } from './conformal.js';
export { auroc, passAtK } from './estimators.js';
export {
  type BootstrapOptions,
  type Cluster,
  clopperPearson,
  clusterBootstrap,
  clusterBootstrapMean,
  type Interval,
  mean,
  median,
  quantile,
  wilson,
} from './intervals.js';
export { jointSignFlipTest } from './joint.js';
export { EXACT, logLoss, sigmoid } from './logistic/fit.js';
export { type RowFit, type Space, spaceOf } from './logistic/space.js';
export { divergence, logProbabilities } from './softmax.js';
export { clusterBootstrapKappa, cohenKappa, holm, mcnemarExact, signFlipTest } from './tests.js';
