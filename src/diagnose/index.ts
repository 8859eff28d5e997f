export {
  type FormatReliabilityGap,
  formatReliabilityGap,
  type Review,
  type ReviewAccuracy,
  review,
  reviewAccuracy,
} from './gap.js';
export type { Compared, DeepGuardStatistic, LayerProbe, ProbeFindings } from './probe/analyse.js';
export {
  type LeftOut,
  PROBE_POSITIONS,
  type ProbePair,
  type ProbePosition,
} from './probe/examples.js';
export { cweName, type PairInFile, readPromptPairs, readSvenPairs } from './probe/files.js';
export { type ProbeOptions, type ProbeReport, probe, promptPairs } from './probe/probe.js';
export type { Figure, ProbeScore } from './probe/score.js';
export { figure, probeVerdict, pValue, signed } from './probe/verdict.js';
