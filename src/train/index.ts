export {
  type Batch,
  type DataSource,
  type Example,
  PackedData,
  packRows,
  toBatch,
} from './data.js';
export { Dropout, dropoutFeeds } from './dropout.js';
export { initialWeights } from './initialise.js';
export {
  integerFeed,
  loraNames,
  parameterShapes,
  rotaryFeeds,
  type Trainable,
  TrainableModel,
} from './model.js';
export type { LossGraph, Objective } from './objective.js';
export { initialLora, type LoraSettings, loraTargets, writeAdapter } from './peft.js';
export { buildHookGradients, type OptimiserSettings } from './program.js';
export { learningRate, type Schedule } from './schedule.js';
export { type StepReport, Trainer, type TrainOptions } from './trainer.js';
export { LensTrainer } from './tuned-lens.js';
