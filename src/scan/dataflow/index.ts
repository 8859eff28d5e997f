/** The data flow that rules of all languages share. */
import type { SyntaxNode } from '../parse.js';
import type { SourceLanguage } from '../types.js';
import { lowerC } from './lower-c.js';
import { lowerJavaScript } from './lower-javascript.js';
import { lowerPython } from './lower-python.js';
import { familyOf } from './models.js';
import type { Program } from './program.js';

export type { Call, Judgement, Listener, Sources, Test } from './flow.js';
export { runFlow } from './flow.js';
export { type Cleaner, type Family, familyOf, type Models, modelsOf } from './models.js';
export type { Expression, FunctionNode, Program, Statement } from './program.js';
export {
  derived,
  elementOf,
  HOLE,
  isConstant,
  mark,
  type Step,
  step,
  Taint,
  taintsOf,
  textOf,
  unmark,
  type Value,
} from './values.js';

const LOWER = { c: lowerC, javascript: lowerJavaScript, python: lowerPython };

/** Reads a syntax tree as the program that the data flow runs. */
export function lower(root: SyntaxNode, language: SourceLanguage): Program {
  return LOWER[familyOf(language)](root);
}
