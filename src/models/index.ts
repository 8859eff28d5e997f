export type { Build, ForwardInputs, ForwardOutputs, LoraSite } from './build.js';
export { FAMILIES, type Family, type ModelConfig, parseConfig } from './config.js';
export { hookNames, isResidualHook, matchHooks } from './hooks.js';
export { llamaForward as forward } from './llama.js';
export { inverseFrequencies, type RopeConfig, rotaryTables } from './rope.js';
export { loraModules, weightShapes } from './weights.js';
