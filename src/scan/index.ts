export {
  Auditor,
  type CweVerdict,
  type FileReport,
  SCANNED,
  type ScanFinding,
  type ScanOptions,
} from './audit.js';
export type { Sources, Step } from './dataflow/index.js';
export { degenerate } from './degenerate.js';
export { familyOf, isMemoryWeakness, isUseOfResources } from './families.js';
export { languageOfPath } from './languages.js';
export { readBaseline, withoutKnown, writeBaseline } from './output/baseline.js';
export {
  findingsOf,
  reportAsJson,
  reportAsText,
  type ScannedFile,
  type ScanReport,
} from './output/report.js';
export { reportAsSarif } from './output/sarif.js';
export { type Agreement, agreementOf } from './outside/agreement.js';
export type { OutsideFinding, OutsideReport, OutsideTarget } from './outside/analyser.js';
export { ANALYSERS, type Installed, installedAnalysers, runAnalyser } from './outside/run.js';
export { readSarif } from './outside/sarif.js';
export { GRAMMARS } from './parse.js';
export { ruleDocumentation } from './rules/documentation.js';
export { type CweId, SEVERITIES, type Severity } from './rules/rule.js';
export { Scanner } from './scanner.js';
export { CWES, type Cwe, type Language, type SourceLanguage, type Verdict } from './types.js';
