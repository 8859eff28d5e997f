export {
  type About,
  type DiagnoseConfig,
  type DiagnoseMetrics,
  type DiagnoseOptions,
  diagnose,
  diagnoseConfig,
  STAGES,
  type Stage,
} from './diagnose.js';
export type {
  Effect,
  FormEffect,
  FormedCompletion,
  GapFindings,
  JudgeAgreement,
  JudgedReview,
  Kappa,
} from './gap/analyse.js';
export { type EndpointVerdict, endpointJudge, type JudgeIdentity } from './gap/endpoint-judge.js';
export { FORMS, type Form } from './gap/forms.js';
export { type GapOptions, measureGap } from './gap/measure.js';
export {
  type FormatReliabilityGap,
  formatReliabilityGap,
  type Review,
  type ReviewAccuracy,
  review,
  reviewAccuracy,
} from './gap/review.js';
export { judgeReview, type ReviewJudgement } from './gap/rule-judge.js';
export type { LensContrast, LensCurve, LensDepth, Parting } from './lens/analyse.js';
export { type LensFindings, type LensOptions, lens } from './lens/lens.js';
export type { LensPair } from './lens/read.js';
export {
  readTunedLens,
  type TunedDepth,
  type TunedLens,
  type TuneOptions,
  textRows,
  tunedVerdict,
  tuneLens,
  writeTunedLens,
} from './lens/tuned.js';
export { lensVerdict } from './lens/verdict.js';
export {
  type PatchCell,
  type Patched,
  type PatchFindings,
  type PatchOptions,
  patch,
} from './patch/patch.js';
export { PLACES, type Place } from './patch/places.js';
export { patchVerdict } from './patch/verdict.js';
export type { Compared, DeepGuardStatistic, LayerProbe, ProbeFindings } from './probe/analyse.js';
export {
  type LeftOut,
  PROBE_POSITIONS,
  type ProbePair,
  type ProbePosition,
} from './probe/examples.js';
export {
  type PairInFile,
  readLensPairs,
  readPromptPairs,
  readSvenPairs,
} from './probe/files.js';
export { type ProbeOptions, type ProbeReport, probe, promptPairs } from './probe/probe.js';
export type { Figure, ProbeScore } from './probe/score.js';
export { figure, probeVerdict, pValue, signed } from './probe/verdict.js';
export type { Evidence } from './verdict/evidence.js';
export { type Answer, QUESTIONS, type Question, verdict } from './verdict/verdict.js';
