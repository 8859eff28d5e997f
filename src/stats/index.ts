export { type Calibration, calibration } from './calibration.js';
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
export { clusterBootstrapKappa, cohenKappa, holm, mcnemarExact, signFlipTest } from './tests.js';
