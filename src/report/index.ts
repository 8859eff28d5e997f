export {
  type ComparedRun,
  type ComparedTable,
  comparisonAsMarkdown,
  comparisonOf,
  renderComparison,
} from './comparison.js';
export { renderDiagnoseReport } from './diagnose.js';
export { renderDiagnosis } from './diagnosis-terminal.js';
export { renderRepairReport } from './repair.js';
export { renderSamplesPage, type SamplesPage } from './samples.js';
export { renderTerminalSummary, wrap } from './terminal.js';
export { trialTables } from './trial.js';
