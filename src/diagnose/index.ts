export {
  type FormatReliabilityGap,
  formatReliabilityGap,
  type Review,
  type ReviewAccuracy,
  review,
  reviewAccuracy,
} from './gap.js';
