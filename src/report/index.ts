export { renderRepairReport } from './repair.js';
export { renderTerminalSummary } from './terminal.js';
