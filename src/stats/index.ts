export {
  type BootstrapOptions,
  type Cluster,
  clusterBootstrap,
  clusterBootstrapMean,
  type Interval,
  median,
  quantile,
  wilson,
} from './intervals.js';
export { holm, signFlipTest } from './tests.js';
