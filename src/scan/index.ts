export { degenerate } from './degenerate.js';
export { Scanner } from './scanner.js';
export { CWES, type Cwe, type Language, type Verdict } from './types.js';
