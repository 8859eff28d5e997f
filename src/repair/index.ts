export { findings } from './findings.js';
export type { ArmName, Fold, RepairMetrics } from './metrics.js';
export { packageVersion, type RepairOptions, repair } from './repair.js';
