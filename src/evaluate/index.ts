export { type CompleteOptions, type Completion, type Condition, complete } from './complete.js';
export { type Judgement, judge } from './judge.js';
export {
  clusteredRate,
  type Difference,
  isRepaired,
  type OutcomeRates,
  outcomeRates,
  pairedDifference,
  type Rate,
} from './rates.js';
export type { Intent, PromptPair, ReviewItem } from './tasks.js';
