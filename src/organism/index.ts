export { type Tokenizer, trainTokenizer, writeTokenizer } from './bpe.js';
export { type CorpusSample, corpus, corpusStats, type SampleKind } from './corpus.js';
export { pairs, reviewItems, type UtilityTask, utilityTasks } from './judging.js';
