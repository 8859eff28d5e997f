export { type Infill, TextCodec } from './codec.js';
export { IncrementalDecoder } from './decoder.js';
export { changedTokens, commonTokens, type Match } from './diff.js';
export { StopMatcher } from './stop.js';
export type { ChatMessage } from './template.js';
