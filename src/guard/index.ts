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
