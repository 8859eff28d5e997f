export { fencedCode } from './answer.js';
export {
  type CompleteOptions,
  type Completion,
  type Condition,
  complete,
  type Resumed,
} from './complete.js';
export { type ExportedRun, type Judged, judgedByScenario } from './export/exported.js';
export { asCsv, asJsonLines, type Cell, type FlatRow, flatSamples } from './export/flat.js';
export { exportInspect } from './export/inspect.js';
export { exportLmEval, type LmEvalFiles } from './export/lm-eval.js';
export { type RunOnDisk, withRunOnDisk } from './export/on-disk.js';
export { type FunctionPair, functionPairOf, type Side, type Span } from './functions/pair.js';
export { cweName, readFunctionPairs } from './functions/read.js';
export { type Judgement, judge } from './judge.js';
export { type Change, type Comparison, compareRuns, type Flip } from './metrics/compare.js';
export { isSecure, passes } from './metrics/counts.js';
export { type Estimate, type EvalMetrics, type Metrics, metricsOf } from './metrics/metrics.js';
export { readPairs, readReviewItems } from './prompts/files.js';
export { instructPairs, instructReviewItems } from './prompts/instruct.js';
export { type InstructOrdinary, instructOrdinary, passesTests } from './prompts/ordinary.js';
export {
  clusteredRate,
  type Difference,
  isRepaired,
  type OutcomeRates,
  outcomeRates,
  pairedDifference,
  pairedMeans,
  pairedShares,
  type Rate,
} from './rates.js';
export { askRemotely, type Endpoint, generateRemotely, type Usage } from './run/endpoint.js';
export { type Journal, type RunConfig, RunFolder } from './run/folder.js';
export {
  type Drawing,
  type GenerationProgress,
  generateLocally,
  missingSamples,
  promptsOf,
} from './run/generate.js';
export { inParallel } from './run/in-parallel.js';
export { judgeRun, verdictsOf } from './run/judge-run.js';
export { runFolders, runKind } from './run/list.js';
export { RunStore } from './run/store.js';
export { truncateFor } from './suite/assemble.js';
export { type Bench, judgeSample } from './suite/judge.js';
export { type JudgeOptions, judgeSamples } from './suite/judge-all.js';
export { loadSuite } from './suite/load.js';
export type { EvalSample, EvalVerdict } from './suite/sample.js';
export type { PromptForm, Scenario, ScenarioLanguage, Split, Suite } from './suite/scenario.js';
export { type SelfTest, selfTest } from './suite/self-test.js';
export { type Truncation, truncate } from './suite/truncate.js';
export type { Intent, PromptPair, ReviewItem } from './tasks.js';
