export { type ErrorCode, ensure, fileError, messageOf, SutureError } from './errors.js';
export {
  assetPath,
  discard,
  readJson,
  readText,
  sha256,
  writeFileAtomic,
  writePiecesAtomic,
} from './files.js';
export { groupBy } from './group.js';
export { readJsonLines } from './json-lines.js';
export { jsonText } from './json-text.js';
export { formatSeconds, Progress, type ProgressOptions, silenceProgress } from './progress.js';
export { Random } from './random.js';
