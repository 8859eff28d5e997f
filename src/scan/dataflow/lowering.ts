/** What reading a syntax tree as a program needs in every language. */
import type { Expression, FunctionNode, Program, Statement } from './program.js';

/** Collects the functions that can be called from outside, and counts the calls. */
export function programOf(body: Statement[]): Program {
  const functions: FunctionNode[] = [];
  const seen = new Set<FunctionNode>();
  let calls = 0;

  /** @param outer not yet inside of a function */
  const enter = (node: FunctionNode, outer: boolean): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (outer) functions.push(node);
    for (const statement of node.body) visitStatement(statement, false);
  };
  const visit = (node: Expression | undefined, outer: boolean): void => {
    if (!node) return;
    if (node.kind === 'call') calls++;
    if (node.kind === 'function') enter(node.function, outer);
    for (const child of childrenOf(node)) visit(child, outer);
  };
  const visitStatement = (node: Statement, outer: boolean): void => {
    if (node.kind === 'define') enter(node.function, outer || node.function.owner !== undefined);
    const { expressions, statements } = partsOf(node);
    for (const inner of expressions) visit(inner, outer);
    for (const inner of statements) visitStatement(inner, outer);
  };
  for (const statement of body) visitStatement(statement, true);
  return { body, functions, calls };
}

export function childrenOf(node: Expression): Expression[] {
  switch (node.kind) {
    case 'template':
    case 'harmless':
    case 'other':
      return node.parts;
    case 'binary':
    case 'compare':
    case 'logic':
      return [node.left, node.right];
    case 'not':
    case 'dereference':
    case 'address':
      return [node.value];
    case 'choice':
      return [node.test, node.consequence, node.otherwise];
    case 'call':
      return [node.callee, ...node.args.map(({ value }) => value)];
    case 'member':
      return [node.object];
    case 'index':
      return [node.object, node.key];
    case 'list':
      return node.items;
    case 'record':
      return node.entries.flatMap(({ key, value }) => (key ? [key, value] : [value]));
    case 'assign':
      return [node.target, node.value];
    case 'each':
      return [node.target, node.over, ...node.tests, node.value];
    default:
      return [];
  }
}

export function partsOf(node: Statement): { expressions: Expression[]; statements: Statement[] } {
  const present = (...nodes: (Expression | undefined)[]) =>
    nodes.filter((inner) => inner !== undefined);
  switch (node.kind) {
    case 'expression':
    case 'return':
    case 'throw':
    case 'declare':
      return { expressions: present(node.value), statements: [] };
    case 'block':
    case 'class':
      return { expressions: [], statements: node.body };
    case 'if':
      return { expressions: [node.test], statements: [...node.consequence, ...node.otherwise] };
    case 'while':
      return { expressions: present(node.test, node.update), statements: node.body };
    case 'for':
      return { expressions: [node.target, node.over], statements: node.body };
    case 'try':
      return {
        expressions: [],
        statements: [
          ...node.body,
          ...node.handlers.flatMap(({ body }) => body),
          ...node.otherwise,
          ...node.last,
        ],
      };
    case 'switch':
      return {
        expressions: [node.subject, ...node.cases.flatMap(({ tests }) => tests)],
        statements: node.cases.flatMap(({ body }) => body),
      };
    default:
      return { expressions: [], statements: [] };
  }
}

const ESCAPES = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['0', '\0'],
  ['\n', ''],
]);

/** The text that a literal without its quotes stands for. */
export function unescapeText(text: string): string {
  return text.replace(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|([\s\S]))/g,
    (whole, hex, unicode, letter) => {
      const code = hex ?? unicode;
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
      return ESCAPES.get(letter) ?? (/[a-zA-Z]/.test(letter) ? whole : letter);
    },
  );
}
