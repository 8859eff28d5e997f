export type { ArmKind } from './arms.js';
export { findings } from './findings.js';
export {
  type Arm,
  type Effect,
  type Fold,
  PRIMARY,
  type PrimaryArm,
  type RepairMetrics,
} from './metrics.js';
export {
  checkPreset,
  PRESET_TOKENS,
  PRESETS,
  type Preset,
  type Published,
  presetGrid,
  presetOf,
} from './presets.js';
export { preambleOf } from './prompts.js';
export { packageVersion, type RepairOptions, repair } from './repair.js';
export { type IsRight, isReference, type OrdinaryTask, type Utility } from './utility.js';
