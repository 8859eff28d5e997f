import type { Judgement } from '../dataflow/index.js';
import type { SyntaxNode } from '../parse.js';
import { examples, JAVASCRIPT, type Rule } from './rule.js';
import { safe, unsafe } from './say.js';

const FUNCTIONS = /^(?:function_declaration|function_expression|arrow_function|method_definition)$/;
const isSubscript = (node: SyntaxNode | undefined): node is SyntaxNode =>
  node?.type === 'subscript_expression';

/** Assignments `object[key] = …` with a key that is not written down, by the function they are in. */
function assignmentsIn(node: SyntaxNode): SyntaxNode[] {
  return node
    .walk((inner) => /^(?:function_declaration|method_definition)$/.test(inner.type))
    .filter((inner) => {
      const left = inner.type === 'assignment_expression' ? inner.get('left') : undefined;
      return isSubscript(left) && isFree(left.get('index'));
    });
}

const isFree = (key: SyntaxNode | undefined): boolean =>
  key !== undefined && !/^(?:string|number)$/.test(key.type);

/** The object grows by keys of others: it calls itself with a part of it, or walks down a path. */
function descends(node: SyntaxNode, name: string | undefined): boolean {
  return node.walk().some((inner) => {
    if (
      inner.type === 'call_expression' &&
      name !== undefined &&
      inner.get('function')?.text.split('.').at(-1) === name
    )
      return (inner.get('arguments')?.named ?? []).some(
        (argument) => isSubscript(argument) && isFree(argument.get('index')),
      );
    const left = inner.type === 'assignment_expression' ? inner.get('left') : undefined;
    const right = inner.get('right');
    // `current = current[key]`, and `object[a][b] = value`.
    if (left && isSubscript(right) && isFree(right.get('index')))
      return right.get('object')?.text === left.text;
    if (!isSubscript(left) || !isFree(left.get('index'))) return false;
    const object = left.get('object');
    return isSubscript(object) && isFree(object.get('index'));
  });
}

const GUARDED =
  /['"]__proto__['"]|Object\.create\(null\)|(?:hasOwnProperty|hasOwn)\b[^;\n]*\b(?:target|dest|dst|to|object|obj|into|current)\b|new Map\b|\b(?:target|dest|dst|object|obj|into|current)\.hasOwnProperty/;

function check(nodes: readonly SyntaxNode[]): Judgement[] {
  return nodes.flatMap((node): Judgement[] => {
    if (!FUNCTIONS.test(node.type)) return [];
    const name =
      node.get('name')?.text ??
      (node.parent?.type === 'variable_declarator' ? node.parent.get('name')?.text : undefined);
    const [first] = assignmentsIn(node);
    if (!first || !descends(node, name)) return [];
    return GUARDED.test(node.text) || /__proto__/.test(nodes[0]?.text ?? '')
      ? [safe(first, 'the prototype of all objects is kept out')]
      : [unsafe(first, 'a key such as __proto__ leads to the prototype of all objects')];
  });
}

export const prototypePollution: Rule = {
  id: 'prototype-pollution',
  cwe: 'CWE-1321',
  title: 'Prototype pollution',
  languages: [...JAVASCRIPT],
  severity: 'high',
  catches:
    'Functions that merge objects into each other, or set a value by a path, and let the key `__proto__` through.',
  misses: 'Old versions of libraries that do so.',
  remedy:
    'Leave out `__proto__`, `constructor` and `prototype`, or use a `Map` or `Object.create(null)`.',
  bad: examples(
    'javascript',
    "function merge(target, source) {\n  for (const key in source) {\n    if (typeof source[key] === 'object') merge(target[key], source[key]);\n    else target[key] = source[key];\n  }\n  return target;\n}\n",
    "function set(object, path, value) {\n  const keys = path.split('.');\n  let current = object;\n  while (keys.length > 1) {\n    const key = keys.shift();\n    current[key] ??= {};\n    current = current[key];\n  }\n  current[keys[0]] = value;\n}\n",
    'app.post("/set", (req, res) => {\n  settings[req.body.group][req.body.name] = req.body.value;\n  res.end();\n});\n',
    'const extend = (a, b) => {\n  Object.keys(b).forEach((key) => {\n    if (a[key] instanceof Object) extend(a[key], b[key]);\n    else a[key] = b[key];\n  });\n};\n',
  ),
  good: examples(
    'javascript',
    "function merge(target, source) {\n  for (const key in source) {\n    if (key === '__proto__' || key === 'constructor') continue;\n    if (typeof source[key] === 'object') merge(target[key], source[key]);\n    else target[key] = source[key];\n  }\n  return target;\n}\n",
    "function set(object, path, value) {\n  const keys = path.split('.');\n  let current = object;\n  while (keys.length > 1) {\n    const key = keys.shift();\n    if (!Object.hasOwn(current, key)) return;\n    current = current[key];\n  }\n  current[keys[0]] = value;\n}\n",
    "const BLOCKED = new Set(['__proto__', 'constructor', 'prototype']);\nfunction merge(target, source) {\n  for (const key of Object.keys(source)) {\n    if (BLOCKED.has(key)) continue;\n    if (typeof source[key] === 'object') merge(target[key], source[key]);\n    else target[key] = source[key];\n  }\n}\n",
    'function group(rows) {\n  const groups = Object.create(null);\n  for (const { kind, name, value } of rows) {\n    groups[kind] ??= Object.create(null);\n    groups[kind][name] = value;\n  }\n  return groups;\n}\n',
  ),
  check: ({ nodes }) => ({ findings: check(nodes), complete: true }),
};
