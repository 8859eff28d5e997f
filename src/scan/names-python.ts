import { ARITY, BUILTINS, CURSOR, MODULES } from './known-python.js';
import type { SyntaxNode } from './parse.js';

/** Undefined names and implausible calls of a Python file, in source order. */
export function problemsOfPython(root: SyntaxNode): string[] {
  const problems: Problem[] = [];
  new Scope(root, undefined, problems).run();
  return problems.sort((a, b) => a.line - b.line).map(({ line, text }) => `line ${line}: ${text}`);
}

interface Problem {
  line: number;
  text: string;
}

const COMPREHENSIONS = new Set([
  'list_comprehension',
  'set_comprehension',
  'generator_expression',
  'dictionary_comprehension',
]);

/** The names of a module, function, class or comprehension. Names have to be bound before their use. */
class Scope {
  readonly #bound = new Set<string>();
  /** What an imported name stands for: `sp` -> `subprocess`. */
  readonly #imports = new Map<string, string>();
  readonly #cursors = new Set<string>();
  readonly #later: Scope[] = [];
  readonly #root: SyntaxNode;
  readonly #outer: Scope | undefined;
  readonly #problems: Problem[];
  /** `from module import *` may bind anything. */
  #open = false;

  constructor(root: SyntaxNode, outer: Scope | undefined, problems: Problem[]) {
    this.#root = root;
    this.#outer = outer;
    this.#problems = problems;
  }

  /** Visits what is in the scope, then the functions in it, which run when all its names are bound. */
  run(): void {
    const root = this.#root;
    if (root.type === 'module' || root.type === 'class_definition')
      this.#visitAll(root.type === 'module' ? root.named : (root.get('body')?.named ?? []));
    else if (COMPREHENSIONS.has(root.type)) this.#comprehension(root);
    else {
      for (const parameter of root.get('parameters')?.named ?? []) this.#bindParameter(parameter);
      const body = root.get('body');
      if (body) this.#visit(body);
    }
    for (const scope of this.#later) scope.run();
  }

  #problem(node: SyntaxNode, text: string): void {
    this.#problems.push({ line: node.line, text });
  }

  #knows(name: string): boolean {
    return (
      this.#bound.has(name) ||
      this.#open ||
      (this.#outer === undefined ? BUILTINS.has(name) : this.#outer.#knows(name))
    );
  }

  #imported(name: string): string | undefined {
    if (this.#imports.has(name)) return this.#imports.get(name);
    return this.#bound.has(name) || this.#outer === undefined
      ? undefined
      : this.#outer.#imported(name);
  }

  #isCursor(name: string): boolean {
    if (this.#bound.has(name) || this.#outer === undefined) return this.#cursors.has(name);
    return this.#outer.#isCursor(name);
  }

  #visitAll(nodes: readonly SyntaxNode[]): void {
    for (const node of nodes) this.#visit(node);
  }

  #visit(node: SyntaxNode | undefined): void {
    if (node === undefined) return;
    if (COMPREHENSIONS.has(node.type)) {
      new Scope(node, this, this.#problems).run();
      return;
    }
    switch (node.type) {
      case 'identifier':
        if (!this.#knows(node.text)) this.#problem(node, `name \`${node.text}\` is not defined`);
        return;
      case 'attribute':
        this.#attribute(node);
        return;
      case 'keyword_argument':
        this.#visit(node.get('value'));
        return;
      case 'assignment': {
        const right = node.get('right');
        this.#visit(right);
        const left = node.get('left');
        if (left && right) this.#bind(left);
        if (left && isCursorCall(right)) this.#cursors.add(left.text);
        return;
      }
      case 'augmented_assignment':
        this.#visit(node.get('right'));
        this.#visit(node.get('left'));
        return;
      case 'named_expression': {
        this.#visit(node.get('value'));
        const name = node.get('name');
        if (name) this.#bind(name);
        return;
      }
      case 'for_statement': {
        this.#visit(node.get('right'));
        const left = node.get('left');
        if (left) this.#bind(left);
        this.#visit(node.get('body'));
        this.#visit(node.get('alternative'));
        return;
      }
      case 'as_pattern': {
        const [value] = node.named;
        this.#visit(value);
        for (const target of node.named)
          if (target.type === 'as_pattern_target') {
            this.#bind(target);
            if (isCursorCall(value)) this.#cursors.add(target.text);
          }
        return;
      }
      case 'import_statement':
      case 'import_from_statement':
      case 'future_import_statement':
        this.#import(node);
        return;
      case 'function_definition':
      case 'lambda': {
        for (const parameter of node.get('parameters')?.named ?? []) {
          this.#visit(parameter.get('value'));
          this.#visit(parameter.get('type'));
        }
        this.#visit(node.get('return_type'));
        const name = node.get('name');
        if (name) this.#bound.add(name.text);
        this.#later.push(new Scope(node, this, this.#problems));
        return;
      }
      case 'class_definition': {
        this.#visit(node.get('superclasses'));
        const name = node.get('name');
        if (name) this.#bound.add(name.text);
        this.#later.push(new Scope(node, this, this.#problems));
        return;
      }
      case 'global_statement':
      case 'nonlocal_statement':
        for (const name of node.named) this.#bound.add(name.text);
        return;
      case 'case_pattern':
        for (const part of node.walk())
          if (part.type === 'dotted_name' || part.type === 'identifier') this.#bound.add(part.text);
        return;
      case 'call':
        this.#call(node);
        break;
    }
    this.#visitAll(node.named);
  }

  #comprehension(node: SyntaxNode): void {
    for (const clause of node.named) {
      if (clause.type === 'for_in_clause') {
        this.#visit(clause.get('right'));
        const left = clause.get('left');
        if (left) this.#bind(left);
      } else if (clause.type === 'if_clause') this.#visitAll(clause.named);
    }
    this.#visit(node.get('body'));
  }

  #bind(target: SyntaxNode): void {
    if (target.type === 'identifier') {
      this.#bound.add(target.text);
      this.#imports.delete(target.text);
      this.#cursors.delete(target.text);
    } else if (target.type === 'attribute' || target.type === 'subscript') this.#visit(target);
    else for (const part of target.named) this.#bind(part);
  }

  #bindParameter(node: SyntaxNode): void {
    const name = node.type === 'identifier' ? node : (node.get('name') ?? node.named[0]);
    if (name?.type === 'identifier') this.#bound.add(name.text);
    else if (name) for (const part of name.named) this.#bind(part);
  }

  #import(node: SyntaxNode): void {
    const module = node.get('module_name')?.text;
    if (node.ofType('wildcard_import')) this.#open = true;
    for (const name of node.all('name')) {
      const full = name.get('name')?.text ?? name.text;
      const alias = name.get('alias')?.text;
      const local = alias ?? (module === undefined ? full.split('.')[0]! : full);
      this.#bound.add(local);
      if (module === undefined) this.#imports.set(local, alias === undefined ? local : full);
      else {
        this.#imports.set(local, `${module}.${full}`);
        const known = MODULES.get(module);
        if (known && !known.has(full)) this.#problem(name, `\`${module}\` has no \`${full}\``);
      }
    }
  }

  #attribute(node: SyntaxNode): void {
    const object = node.get('object');
    this.#visit(object);
    const name = node.get('attribute')?.text ?? '';
    if (object?.type !== 'identifier') return;
    const module = this.#imported(object.text);
    const known = module === undefined ? undefined : MODULES.get(module);
    if (known && !known.has(name)) this.#problem(node, `\`${module}\` has no \`${name}\``);
    if (this.#isCursor(object.text) && !CURSOR.has(name))
      this.#problem(node, `a cursor has no \`${name}\``);
  }

  #call(node: SyntaxNode): void {
    const callee = node.get('function');
    const list = node.get('arguments');
    if (!callee || list?.type !== 'argument_list') return;
    if (list.named.some((argument) => argument.type.endsWith('splat'))) return;
    const positional = list.named.filter((argument) => argument.type !== 'keyword_argument');
    const keywords = list.named.length - positional.length;
    const object = callee.get('object');
    const method = callee.get('attribute')?.text;
    let name: string | undefined;
    if (callee.type === 'identifier') name = this.#imported(callee.text);
    else if (object?.type === 'identifier' && this.#imported(object.text) !== undefined)
      name = `${this.#imported(object.text)}.${method}`;
    else if (method !== undefined) name = `.${method}`;
    if (name === undefined) return;
    const arity = ARITY.get(name);
    const count = positional.length;
    if (arity && (count > arity[1] || count + keywords < arity[0])) {
      const many = arity[0] === arity[1] ? `${arity[0]}` : `${arity[0]} to ${arity[1]}`;
      this.#problem(
        node,
        `${name.replace(/^\./, '')} takes ${many} argument(s), not ${count + keywords}`,
      );
    }
    if (name === '.execute' && keywords === 0) this.#parameters(node, positional);
  }

  /** A constant query has as many placeholders as it is given values. */
  #parameters(node: SyntaxNode, [query, values]: readonly SyntaxNode[]): void {
    if (!query || !['string', 'concatenated_string'].includes(query.type)) return;
    const parts = query.walk();
    if (parts.some((part) => part.type === 'interpolation')) return;
    const text = parts
      .flatMap((part) => (part.type === 'string_content' ? [part.text] : []))
      .join('');
    const outside = text.replace(/'[^']*'/g, '');
    const wanted = outside.match(/\?/g)?.length ?? outside.match(/%s/g)?.length ?? 0;
    const known = values === undefined || ['tuple', 'list'].includes(values.type);
    if (!known || values?.named.some((value) => value.type === 'list_splat')) return;
    const given = values?.named.length ?? 0;
    if (wanted !== given)
      this.#problem(
        node,
        `the query has ${wanted} placeholder(s), but ${given} value(s) are given`,
      );
  }
}

function isCursorCall(node: SyntaxNode | undefined): boolean {
  return node?.type === 'call' && node.get('function')?.get('attribute')?.text === 'cursor';
}
