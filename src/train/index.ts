export {
  type Batch,
  type DataSource,
  type Example,
  PackedData,
  packRows,
  toBatch,
} from './data.js';
export { initialWeights } from './initialise.js';
export { initialLora, type LoraSettings, loraTargets, writeAdapter } from './peft.js';
export { buildHookGradients, type OptimiserSettings, type Trainable } from './program.js';
export { learningRate, type Schedule } from './schedule.js';
export { type StepReport, Trainer, type TrainOptions } from './trainer.js';
export { LensTrainer } from './tuned-lens.js';
