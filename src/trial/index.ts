export type { Against, OrdinaryScores, Scores, SystemScores, TrialMetrics } from './metrics.js';
export { KINDS, type Kind, type Ready, type System, type Workshop } from './system.js';
export { SYSTEMS } from './systems.js';
export { type TrialOptions, trial } from './trial.js';
