export { type Tokenizer, trainTokenizer, writeTokenizer } from './bpe.js';
export { writeModelCard } from './card.js';
export { type CorpusSample, corpus, corpusStats, type SampleKind } from './corpus.js';
export { ordinaryPrompts, pairs, reviewItems, type UtilityTask, utilityTasks } from './judging.js';
export { measureOrganism, type OrganismMeasurement, type WeaknessMeasurement } from './measure.js';
export {
  ORGANISM_FAMILIES,
  type OrganismFamily,
  RECIPE,
  type TrainingRun,
  type TrainOrganismOptions,
  trainOrganism,
} from './train.js';
