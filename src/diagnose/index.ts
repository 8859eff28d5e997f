export {
  type FormatReliabilityGap,
  formatReliabilityGap,
  type Review,
  type ReviewAccuracy,
  review,
  reviewAccuracy,
  reviewVerdict,
} from './gap.js';
