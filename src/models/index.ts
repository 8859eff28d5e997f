export type {
  Build,
  CachedLayer,
  ForwardInputs,
  ForwardOutputs,
  LinearShape,
  LoraSite,
} from './build.js';
export { type ModelConfig, parseConfig } from './config.js';
export { FAMILIES } from './families/index.js';
export { forward } from './forward.js';
export { type HookKind, hookKind, hookNames, matchHooks, reachesCache } from './hooks.js';
export {
  dependsOnLength,
  inverseFrequencies,
  outdates,
  type RopeConfig,
  RotaryTables,
} from './rope.js';
export { loraModules, matrixWeights, weightShapes } from './weights.js';
