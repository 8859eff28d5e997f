/**
 * A program as the data flow reads it: the few forms that Python, JavaScript, TypeScript, C and C++
 * share. Each node keeps the syntax it came from, for its place in the source.
 */
import type { SyntaxNode } from '../parse.js';

export type Expression = { at: SyntaxNode } & (
  | { kind: 'name'; name: string }
  | { kind: 'constant'; value: string | number | boolean | null }
  /** A regular expression as JavaScript writes it: `/^a+$/`. */
  | { kind: 'pattern'; source: string }
  /** Text put together in order: f-strings, template literals, JSX. */
  | { kind: 'template'; parts: Expression[]; markup?: true }
  | { kind: 'binary'; op: string; left: Expression; right: Expression }
  /** `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `not in`, whatever the language calls them. */
  | { kind: 'compare'; op: string; left: Expression; right: Expression }
  | { kind: 'logic'; op: 'and' | 'or'; left: Expression; right: Expression }
  | { kind: 'not'; value: Expression }
  | { kind: 'choice'; test: Expression; consequence: Expression; otherwise: Expression }
  | { kind: 'call'; callee: Expression; args: Argument[]; construct?: true }
  | { kind: 'member'; object: Expression; name: string }
  | { kind: 'index'; object: Expression; key: Expression }
  | { kind: 'list'; items: Expression[] }
  /** An entry without a key spreads another record. */
  | { kind: 'record'; entries: { key?: Expression; value: Expression }[] }
  | { kind: 'function'; function: FunctionNode }
  /** With `op`, the target takes part: `a += b`; `++` is of C, and gives what was there before. */
  | { kind: 'assign'; target: Expression; value: Expression; op?: string }
  | { kind: 'dereference'; value: Expression }
  | { kind: 'address'; value: Expression }
  /** A comprehension: `value` for each element of `over` that passes the tests. */
  | { kind: 'each'; target: Expression; over: Expression; tests: Expression[]; value: Expression }
  /** Nothing of the parts goes on: `typeof x`, `sizeof x`, `-x`. */
  | { kind: 'harmless'; parts: Expression[] }
  /** Whatever mixes its parts without being one of the above. */
  | { kind: 'other'; parts: Expression[] }
);

export interface Argument {
  value: Expression;
  /** Of a keyword argument. */
  name?: string;
  spread?: true;
}

export type Statement = { at: SyntaxNode } & (
  | { kind: 'expression'; value: Expression }
  | { kind: 'return'; value?: Expression }
  | { kind: 'throw'; value?: Expression }
  | { kind: 'break' }
  | { kind: 'continue' }
  | { kind: 'goto'; label: string }
  | { kind: 'label'; name: string }
  | { kind: 'block'; body: Statement[] }
  | { kind: 'if'; test: Expression; consequence: Statement[]; otherwise: Statement[] }
  /** Runs while `test` holds; `first` says that the body runs before it is tested. */
  | { kind: 'while'; test?: Expression; body: Statement[]; update?: Expression; first?: true }
  | { kind: 'for'; target: Expression; over: Expression; body: Statement[] }
  | {
      kind: 'try';
      body: Statement[];
      handlers: { name?: string; body: Statement[] }[];
      otherwise: Statement[];
      last: Statement[];
    }
  /** No tests is the default; a case without an ending falls into the next. */
  | { kind: 'switch'; subject: Expression; cases: { tests: Expression[]; body: Statement[] }[] }
  | { kind: 'declare'; name: string; type?: string; array?: true; value?: Expression }
  | { kind: 'define'; function: FunctionNode }
  | { kind: 'class'; name: string; body: Statement[] }
  /** `name` now stands for `path`, e.g. `sp` for `subprocess`. */
  | { kind: 'import'; bindings: { name: string; path: string }[] }
);

export interface Parameter {
  name: string;
  /** As written, e.g. `const char *`; absent where there is none. */
  type?: string;
  default?: Expression;
  /** Destructured parameters are assigned from the one that stands here. */
  pattern?: Expression;
}

export interface FunctionNode {
  at: SyntaxNode;
  name: string;
  parameters: Parameter[];
  body: Statement[];
  decorators: Expression[];
  /** The class that it is a method of. */
  owner?: string;
}

export interface Program {
  body: Statement[];
  /** All functions with a name or at the top of the file, outermost first. */
  functions: FunctionNode[];
  /** Line of each call, to tell whether all were reached. */
  calls: number;
}
