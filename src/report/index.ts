export { renderDiagnoseReport } from './diagnose.js';
export { renderDiagnosis } from './diagnosis-terminal.js';
export { renderRepairReport } from './repair.js';
export { renderSamplesPage, type SamplesPage } from './samples.js';
export { renderTerminalSummary } from './terminal.js';
