import { ARITY, DECLARED, KNOWN_HEADERS, KNOWN_TYPES } from './known-c.js';
import { formatArity, scanArity } from './libc.js';
import type { SyntaxNode } from './parse.js';

/** Undefined names and implausible calls of a C file, in source order. */
export function problemsOfC(root: SyntaxNode): string[] {
  const checker = new Checker(root);
  checker.visit(root);
  return checker.problems;
}

/** Index of the format among the arguments. */
const FORMAT_AT = new Map([
  ['printf', 0],
  ['fprintf', 1],
  ['dprintf', 1],
  ['sprintf', 1],
  ['syslog', 1],
  ['snprintf', 2],
  ['scanf', 0],
  ['fscanf', 1],
  ['sscanf', 1],
]);
const OWN_SCOPE = new Set(['compound_statement', 'for_statement', 'function_definition']);
/** Where identifiers are not names of the program, or are looked up by the preprocessor. */
const SKIPPED = new Set(['preproc_include', 'preproc_call', 'attribute_specifier']);

class Checker {
  readonly problems: string[] = [];
  readonly #headers = new Set<string>();
  /** A header that is not known may declare anything. */
  readonly #open: boolean;
  #scopes: Set<string>[] = [new Set(['__func__', '__FILE__', '__LINE__', 'NULL'])];
  readonly #types = new Set<string>();

  constructor(root: SyntaxNode) {
    for (const node of root.walk()) {
      if (node.type === 'preproc_include') {
        const path = node.get('path');
        this.#headers.add(path?.text.replace(/^[<"]|[>"]$/g, '') ?? '');
      } else if (node.type === 'type_definition') {
        for (const declarator of node.all('declarator'))
          for (const part of declarator.walk())
            if (part.type === 'type_identifier') this.#types.add(part.text);
      }
    }
    this.#open = [...this.#headers].some((header) => !KNOWN_HEADERS.has(header));
  }

  #problem(node: SyntaxNode, text: string): void {
    this.problems.push(`line ${node.line}: ${text}`);
  }

  #define(name: string): void {
    this.#scopes.at(-1)!.add(name);
  }

  visit(node: SyntaxNode): void {
    if (SKIPPED.has(node.type)) return;
    const scoped = OWN_SCOPE.has(node.type);
    // The name of a function is known in its own body and behind it.
    if (node.type === 'function_definition') {
      const name = declaredName(node.get('declarator'));
      if (name) this.#define(name.text);
    }
    if (scoped) this.#scopes.push(new Set());
    this.#enter(node);
    if (scoped) this.#scopes.pop();
  }

  #enter(node: SyntaxNode): void {
    switch (node.type) {
      case 'preproc_def':
      case 'preproc_function_def': {
        const name = node.get('name');
        if (name) this.#define(name.text);
        return;
      }
      case 'preproc_ifdef':
      case 'preproc_if':
      case 'preproc_elif':
        for (const child of node.children)
          if (child.field !== 'name' && child.field !== 'condition') this.visit(child);
        return;
      case 'declaration':
      case 'parameter_declaration':
      case 'field_declaration': {
        for (const child of node.children)
          if (child.field === 'declarator') this.#declarator(child);
          else this.visit(child);
        return;
      }
      case 'enumerator': {
        const name = node.get('name');
        if (name) this.#define(name.text);
        const value = node.get('value');
        if (value) this.visit(value);
        return;
      }
      case 'struct_specifier':
      case 'union_specifier':
      case 'enum_specifier': {
        const body = node.get('body');
        if (body) this.visit(body);
        return;
      }
      case 'type_definition': {
        const type = node.get('type');
        if (type) this.visit(type);
        return;
      }
      case 'function_definition':
        for (const child of node.children)
          if (child.field === 'declarator') this.#declarator(child);
          else this.visit(child);
        return;
      case 'call_expression':
        this.#call(node);
        break;
      case 'type_identifier':
        if (!this.#open && !this.#isType(node.text))
          this.#problem(node, `type \`${node.text}\` is not defined`);
        return;
      case 'identifier':
        this.#use(node);
        return;
    }
    for (const child of node.children) this.visit(child);
  }

  /** Declares the name in a declarator; what stands beside it (lengths, values) is used. */
  #declarator(node: SyntaxNode): void {
    if (node.type === 'identifier') {
      this.#define(node.text);
      return;
    }
    for (const child of node.children)
      if (child.field === 'declarator' || node.type === 'parenthesized_declarator')
        this.#declarator(child);
      else this.visit(child);
  }

  #isType(name: string): boolean {
    return (
      this.#types.has(name) ||
      KNOWN_TYPES.has(name) ||
      /^u?_?u?int(?:_fast|_least)?\d+_t$/.test(name)
    );
  }

  #use(node: SyntaxNode): void {
    const name = node.text;
    if (this.#scopes.some((scope) => scope.has(name)) || this.#open || this.#isType(name)) return;
    const headers = DECLARED.get(name);
    if (headers === undefined) this.#problem(node, `name \`${name}\` is not defined`);
    else if (!headers.some((header) => this.#headers.has(header)))
      this.#problem(node, `\`${name}\` needs #include <${headers[0]}>`);
  }

  #call(node: SyntaxNode): void {
    const name = node.get('function')?.text ?? '';
    const args = node.get('arguments')?.named ?? [];
    const arity = ARITY.get(name);
    if (arity && (args.length < arity[0] || args.length > arity[1])) {
      const many = arity[0] === arity[1] ? `${arity[0]}` : `at least ${arity[0]}`;
      this.#problem(node, `${name} takes ${many} argument(s), not ${args.length}`);
    }
    const at = FORMAT_AT.get(name);
    const format = at === undefined ? undefined : args[at];
    if (at === undefined || format?.type !== 'string_literal') return;
    const text = format.text.slice(1, -1);
    const wanted = name.endsWith('scanf') ? scanArity(text) : formatArity(text);
    const given = args.length - at - 1;
    if (given < wanted)
      this.#problem(node, `the format of ${name} has ${wanted} value(s), but ${given} are given`);
  }
}

function declaredName(node: SyntaxNode | undefined): SyntaxNode | undefined {
  if (node === undefined || node.type === 'identifier') return node;
  return declaredName(
    node.get('declarator') ?? node.named.find((child) => child.type.endsWith('declarator')),
  );
}
