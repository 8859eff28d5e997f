/**
 * Follows untrusted data through a Python function: parameters are untrusted, each path is run on
 * its own (paths.ts), loops run twice, calls of functions in the same file are entered.
 */
import { FUNCTIONS, METHODS } from './library-python.js';
import type { SyntaxNode } from './parse.js';
import { ABANDON, type Budget, explore, FileBudget, type Path } from './paths.js';
import { append, change, drop, put } from './trail.js';
import type { Finding } from './types.js';
import {
  atMost,
  CLEAN,
  cleaned,
  DOUBTFUL,
  elementOf,
  formatted,
  HOLE,
  isUntrusted,
  joined,
  mixed,
  NOTHING,
  opaque,
  PLACES,
  TAINTED,
  type Taint,
  type Taints,
  textValue,
  type Value,
  worse,
} from './values-python.js';

export interface Call {
  /** Dotted name of a known function (`os.system`), or `.name` for a method. */
  name: string;
  receiver: Value | undefined;
  args: Value[];
  keywords: ReadonlyMap<string, Value>;
  line: number;
}

/** What a weakness looks for while a function runs. */
export interface PythonRule {
  call?(call: Call): Omit<Finding, 'line'> | undefined;
  /** The function gives this value back; `web` when it is the handler of a web route. */
  result?(value: Value, web: boolean): Omit<Finding, 'line'> | undefined;
}

type Completion = 'next' | 'break' | 'continue' | 'return';

/** Where a run is: a statement of a block, a part of another statement, within what is around it. */
interface Place {
  outer: Place | undefined;
  at: number;
  /** What a `for` goes over. */
  over?: Value;
  /** How the body of a `try` ended whose `finally` runs. */
  completion?: Completion;
}
const START: Place = { outer: undefined, at: 0 };
/** Parts of loops and of `try` behind those that are counted: what follows their body, and `finally`. */
const OTHERWISE = -1;

/** Calls of functions of the same file are entered so deep. */
const MAX_CALLS = 4;
const SCOPES = new Set(['function_definition', 'class_definition', 'lambda']);

/**
 * All findings in all functions of a file; `complete` is false where there were too many paths.
 *
 * @param rules each makes a rule for one path
 * @param allowance what may be spent on each function
 */
export function runPython(
  root: SyntaxNode,
  rules: readonly (() => PythonRule)[],
  allowance?: Budget,
): { findings: Finding[][]; complete: boolean } {
  const findings: Finding[][] = rules.map(() => []);
  const entries = [
    ...root.walk((node) => node.parent?.type === 'function_definition' && node.field === 'body'),
  ].filter((node) => node.type === 'function_definition');
  const file = new FileBudget(allowance);
  let complete = true;
  for (const entry of entries.length > 0 ? entries : [undefined]) {
    let run: PythonRun | undefined;
    const finished = file.spend((budget) =>
      explore<Place>((path, from) => {
        if (run && from) {
          run.goOn(entry ?? root, from);
          return;
        }
        const made = rules.map((rule) => rule());
        run = new PythonRun(path, made, findings);
        run.module(root, entry === undefined);
        if (entry) run.entry(entry);
      }, budget),
    );
    complete &&= finished;
  }
  return { findings, complete };
}

class PythonRun {
  readonly #path: Path<Place>;
  readonly #rules: PythonRule[];
  readonly #findings: Finding[][];
  #variables = new Map<string, Value>();
  #calls = 0;
  #returned: Value = NOTHING;
  /** The function that runs is what the caller outside calls. */
  #outermost = false;
  #web = false;
  /** Where to go on from, from the inside out; empty where it has got there. */
  readonly #back: Place[] = [];

  constructor(path: Path<Place>, rules: PythonRule[], findings: Finding[][]) {
    this.#path = path;
    this.#rules = rules;
    this.#findings = findings;
  }

  #report(ask: (rule: PythonRule) => Omit<Finding, 'line'> | undefined, line: number): void {
    for (const [index, rule] of this.#rules.entries()) {
      const finding = ask(rule);
      if (finding) this.#findings[index]!.push({ ...finding, line });
    }
  }

  /** Runs the statements of the file outside its functions. */
  module(root: SyntaxNode, judged: boolean): void {
    this.#block(root.named, judged ? START : undefined);
  }

  /** Goes on from a place of a function, or of the file, with the state of then. */
  goOn(node: SyntaxNode, from: Place): void {
    for (let place: Place = from; place.outer; place = place.outer) this.#back.push(place);
    const body = node.get('body');
    if (node.type !== 'function_definition') this.#block(node.named, START);
    else if (body) this.execute(body, START);
  }

  /** Runs a function with untrusted arguments. */
  entry(node: SyntaxNode): void {
    for (const parameter of node.get('parameters')?.named ?? []) {
      const name = parameterName(parameter);
      if (name === undefined) continue;
      const own = name === 'self' || name === 'cls';
      this.#set(name, opaque(own ? DOUBTFUL : TAINTED));
    }
    const decorated = node.parent?.type === 'decorated_definition' ? node.parent.named : [];
    this.#web = decorated.some((decorator) => {
      const call = decorator.type === 'decorator' ? decorator.ofType('call') : undefined;
      return ROUTES.has(call?.get('function')?.get('attribute')?.text ?? '');
    });
    this.#outermost = true;
    const body = node.get('body');
    if (body) this.execute(body, START);
  }

  // --- variables ----------------------------------------------------------------------------

  #set(name: string, value: Value): void {
    put(this.#variables, name, value);
    // What was known of its attributes and elements belonged to the old value.
    for (const other of this.#variables.keys())
      if (other.startsWith(`${name}.`) || other.startsWith(`${name}[`))
        drop(this.#variables, other);
  }

  #assign(target: SyntaxNode, value: Value): void {
    switch (target.type) {
      case 'identifier':
        this.#set(target.text, value);
        return;
      case 'pattern_list':
      case 'tuple_pattern':
      case 'list_pattern':
      case 'tuple':
      case 'list': {
        const parts = target.named;
        const exact = value.items?.length === parts.length && !value.repeated;
        for (const [index, part] of parts.entries())
          this.#assign(part, exact ? value.items![index]! : elementOf(value));
        return;
      }
      case 'list_splat_pattern':
      case 'parenthesized_expression':
      case 'as_pattern_target':
        if (target.named[0]) this.#assign(target.named[0], value);
        return;
      case 'attribute':
        this.#set(target.text, value);
        return;
      case 'subscript': {
        const base = target.get('value');
        const key = target.get('subscript');
        const container = base && this.evaluate(base);
        const text = key && this.evaluate(key).text;
        if (container?.entries && text !== undefined) put(container.entries, text, value);
        else if (container?.items) append(container.items, value);
        else if (container) change(container, 'taint', worse(container.taint, value.taint));
        return;
      }
    }
  }

  // --- statements ---------------------------------------------------------------------------

  /** @param outer where it is, if a run can go on from within it */
  #block(nodes: readonly SyntaxNode[], outer?: Place): Completion {
    for (let index = this.#back.pop()?.at ?? 0; index < nodes.length; index++) {
      const place = outer && { outer, at: index };
      if (place && this.#back.length === 0) this.#path.mark(place);
      const completion = this.execute(nodes[index]!, place);
      if (completion !== 'next') return completion;
    }
    return 'next';
  }

  execute(node: SyntaxNode, place?: Place): Completion {
    if (this.#back.length === 0) this.#path.step();
    switch (node.type) {
      case 'block':
      case 'module':
      case 'ERROR':
      case 'else_clause':
      case 'finally_clause':
        return this.#block(node.named, place);
      case 'expression_statement':
      case 'print_statement':
      case 'exec_statement':
        for (const child of node.named) this.evaluate(child);
        return 'next';
      case 'import_statement':
      case 'import_from_statement':
        this.#import(node);
        return 'next';
      case 'function_definition':
        this.#set(node.get('name')?.text ?? '', { ...opaque(CLEAN), function: node });
        return 'next';
      case 'decorated_definition': {
        const definition = node.get('definition');
        if (!definition) return 'next';
        // Within a function, what a decorator takes is called by others: the handlers of an application that it makes.
        if (definition.type === 'function_definition' && isInner(node))
          this.#calledByOthers(definition, TAINTED);
        return this.execute(definition, place);
      }
      case 'class_definition':
        this.#set(node.get('name')?.text ?? '', opaque(CLEAN));
        return 'next';
      case 'return_statement':
        this.#returned = node.named[0] ? this.evaluate(node.named[0]) : NOTHING;
        if (this.#outermost)
          this.#report((rule) => rule.result?.(this.#returned, this.#web), node.line);
        return 'return';
      case 'raise_statement':
        for (const child of node.named) this.evaluate(child);
        this.#returned = NOTHING;
        throw ABANDON;
      case 'break_statement':
        return 'break';
      case 'continue_statement':
        return 'continue';
      case 'if_statement':
        return this.#if(node, place);
      case 'for_statement':
        return this.#for(node, place);
      case 'while_statement':
        return this.#while(node, place);
      case 'try_statement':
        return this.#try(node, place);
      case 'with_statement':
        return this.#with(node, place);
      case 'match_statement':
        return this.#match(node, place);
      case 'assert_statement': {
        const condition = node.named[0];
        if (condition && !this.branch(condition)) throw ABANDON;
        return 'next';
      }
      default:
        // A statement that the parser could not finish may still hold an expression.
        if (node.parent?.type === 'ERROR') this.evaluate(node);
        return 'next';
    }
  }

  #import(node: SyntaxNode): void {
    const module = node.get('module_name')?.text;
    for (const name of node.all('name')) {
      const full = name.get('name')?.text ?? name.text;
      const alias = name.get('alias')?.text;
      const qualified = module === undefined ? full : `${module}.${full}`;
      // `import os.path` binds `os`.
      if (module === undefined && alias === undefined) {
        const first = full.split('.')[0]!;
        this.#set(first, { ...opaque(CLEAN), qualified: first });
      } else this.#set(alias ?? full, { ...opaque(CLEAN), qualified });
    }
  }

  #if(node: SyntaxNode, outer: Place | undefined): Completion {
    const alternatives = node.all('alternative');
    const at = this.#back.pop()?.at ?? this.#way(node, alternatives);
    const taken = at === OTHERWISE ? node : alternatives[at];
    const body = taken?.type === 'else_clause' ? taken : taken?.get('consequence');
    return body ? this.execute(body, outer && { outer, at }) : 'next';
  }

  /** The alternative that an `if` takes; `OTHERWISE` for none of them, and their number for nothing at all. */
  #way(node: SyntaxNode, alternatives: readonly SyntaxNode[]): number {
    const condition = node.get('condition');
    if (condition === undefined || this.branch(condition)) return OTHERWISE;
    for (const [index, alternative] of alternatives.entries()) {
      if (alternative.type === 'else_clause') return index;
      const other = alternative.get('condition');
      if (other && alternative.get('consequence') && this.branch(other)) return index;
    }
    return alternatives.length;
  }

  #for(node: SyntaxNode, outer: Place | undefined): Completion {
    const back = this.#back.pop();
    const left = node.get('left');
    const right = node.get('right');
    const body = node.get('body');
    const over = back?.over ?? (right ? this.evaluate(right) : NOTHING);
    const filled = over.items !== undefined && over.items.length > 0 && !over.repeated;
    if (back?.at !== OTHERWISE && (back || filled || this.#path.choose(2, node) === 0)) {
      // Twice, so that what one iteration leaves meets the next.
      for (let round = back?.at ?? 0; round < 2 && body; round++) {
        if (left && round !== back?.at) this.#assign(left, elementOf(over));
        const completion = this.execute(body, outer && { outer, at: round, over });
        if (completion === 'break') return 'next';
        if (completion === 'return') return 'return';
      }
    }
    const otherwise = node.get('alternative');
    return otherwise ? this.execute(otherwise, outer && { outer, at: OTHERWISE, over }) : 'next';
  }

  #while(node: SyntaxNode, outer: Place | undefined): Completion {
    const back = this.#back.pop();
    const condition = node.get('condition');
    const body = node.get('body');
    for (let round = back?.at ?? 0; round < 2 && body; round++) {
      if (condition && round !== back?.at && !this.branch(condition)) break;
      const completion = this.execute(body, outer && { outer, at: round });
      if (completion === 'break') break;
      if (completion === 'return') return 'return';
    }
    return 'next';
  }

  #try(node: SyntaxNode, outer: Place | undefined): Completion {
    const back = this.#back.pop();
    const last = node.ofType('finally_clause');
    const completion = back?.completion ?? this.#tried(node, outer, back?.at);
    if (last) {
      const ending = this.execute(last, outer && { outer, at: 0, completion });
      if (ending !== 'next') return ending;
    }
    return completion;
  }

  /** @param from the part to go on in: 0 the body, then the handlers, or what runs where the body did not fail */
  #tried(node: SyntaxNode, outer: Place | undefined, from: number | undefined): Completion {
    const handlers = node.children.filter((child) => child.type.startsWith('except'));
    const at = from ?? this.#path.choose(handlers.length + 1, node);
    if (at > 0) {
      // Nothing that the body established holds where it failed.
      const handler = handlers[at - 1]!;
      if (from === undefined)
        for (const part of handler.walk())
          if (part.type === 'as_pattern_target') this.#assign(part, opaque(DOUBTFUL));
      const block = handler.ofType('block');
      return block ? this.execute(block, outer && { outer, at }) : 'next';
    }
    const body = at === OTHERWISE ? undefined : node.get('body');
    const completion = body ? this.execute(body, outer && { outer, at: 0 }) : 'next';
    const otherwise = node.ofType('else_clause');
    if (completion !== 'next' || !otherwise) return completion;
    return this.execute(otherwise, outer && { outer, at: OTHERWISE });
  }

  #with(node: SyntaxNode, outer: Place | undefined): Completion {
    if (!this.#back.pop())
      for (const item of node.ofType('with_clause')?.named ?? []) {
        const value = item.get('value');
        if (value) this.evaluate(value);
      }
    const body = node.get('body');
    return body ? this.execute(body, outer && { outer, at: 0 }) : 'next';
  }

  #match(node: SyntaxNode, outer: Place | undefined): Completion {
    const cases = node.get('body')?.named ?? [];
    const at = this.#back.pop()?.at ?? this.#case(node, cases);
    const body = cases[at]?.get('consequence');
    return body ? this.execute(body, outer && { outer, at }) : 'next';
  }

  /** The place of the case that a `match` takes, or their number; keeps what that case says. */
  #case(node: SyntaxNode, cases: readonly SyntaxNode[]): number {
    const subject = node.get('subject');
    const value = subject ? this.evaluate(subject) : NOTHING;
    const choice = this.#path.choose(cases.length + 1, node);
    const patterns = cases[choice]?.named.filter((child) => child.type === 'case_pattern') ?? [];
    const literal = patterns.every((pattern) =>
      pattern.walk().every((part) => !['dotted_name', 'splat_pattern'].includes(part.type)),
    );
    const wildcard = patterns.some((pattern) => pattern.text === '_');
    if (cases[choice] && subject && literal && !wildcard) this.#narrow(subject, value, 0);
    for (const pattern of patterns)
      for (const part of pattern.walk())
        if (part.type === 'dotted_name' && part.named.length === 1)
          this.#set(part.text, mixed(value));
    return choice;
  }

  // --- conditions ---------------------------------------------------------------------------

  /** Evaluates a condition, takes one of its ways, and keeps what that way says. */
  branch(node: SyntaxNode): boolean {
    this.#path.step();
    const argument = node.get('argument');
    if (node.type === 'not_operator' && argument) return !this.branch(argument);
    if (node.type === 'parenthesized_expression' && node.named.length === 1)
      return this.branch(node.named[0]!);
    const left = node.get('left');
    const right = node.get('right');
    if (node.type === 'boolean_operator' && left && right) {
      const first = this.branch(left);
      if (node.get('operator')?.type === 'and') return first && this.branch(right);
      return first || this.branch(right);
    }
    const value = this.evaluate(node);
    if (value.truth !== undefined) return value.truth;
    const truth = this.#path.choose(2, node) === 0;
    this.#refine(node, truth);
    return truth;
  }

  /** The expression whose value a check of `node` speaks of: `name` in `name.strip().lower()`. */
  #subject(node: SyntaxNode): SyntaxNode {
    const callee = node.type === 'call' ? node.get('function') : undefined;
    const object = callee?.get('object');
    if (object && CASE_METHODS.has(callee?.get('attribute')?.text ?? ''))
      return this.#subject(object);
    if (node.type === 'parenthesized_expression' && node.named.length === 1)
      return this.#subject(node.named[0]!);
    if (node.type === 'named_expression') return node.get('name') ?? node;
    return node;
  }

  /** From here on the path, an expression is known to be no more dangerous than `limit`. */
  #narrow(node: SyntaxNode, value: Value, limit: Taint): void {
    const subject = this.#subject(node);
    if (!['identifier', 'attribute', 'subscript'].includes(subject.type)) return;
    const current = subject === node ? value : this.evaluate(subject);
    if (!isUntrusted(current)) return;
    const escaped = current.escaped || limit === 0;
    put(this.#variables, subject.text, {
      ...current,
      taint: atMost(current.taint, limit),
      escaped,
    });
  }

  /** Keeps what the truth of a simple condition says about the values in it. */
  #refine(node: SyntaxNode, truth: boolean): void {
    if (node.type === 'comparison_operator') {
      const [left, right] = node.named;
      if (!left || !right || node.named.length !== 2) return;
      const operator = node
        .all('operators')
        .map((part) => part.type)
        .join(' ');
      const positive = operator === 'in' || operator === '==' || operator === 'is';
      const negative = operator === 'not in' || operator === '!=' || operator === 'is not';
      if (!(positive && truth) && !(negative && !truth)) return;
      const [a, b] = [this.evaluate(left), this.evaluate(right)];
      if (operator.endsWith('in')) {
        // A constant list of what is allowed; a constant text says nothing of its parts' order.
        const listed = b.items !== undefined || b.entries !== undefined;
        this.#narrow(left, a, listed && b.constant ? 0 : b.constant ? 2 : 1);
      } else {
        if (b.constant) this.#narrow(left, a, 0);
        if (a.constant) this.#narrow(right, b, 0);
      }
      return;
    }
    if (node.type === 'call') this.#refineCall(node, truth);
    else if (!truth) this.#narrow(node, this.evaluate(node), 0);
  }

  #refineCall(node: SyntaxNode, truth: boolean): void {
    const callee = node.get('function');
    const nodes = node.get('arguments')?.named ?? [];
    const object = callee?.get('object');
    const method = callee?.get('attribute')?.text ?? '';
    const known = callee && this.evaluate(callee).qualified;
    const name = known ?? '';
    if (['re.match', 're.fullmatch', 're.search'].includes(name)) {
      const [pattern, text] = nodes;
      const allows = pattern && this.evaluate(pattern).text;
      if (!text || !truth) return;
      const whole = name === 're.fullmatch';
      const limit = allows !== undefined && allowsOnlyHarmless(allows, name, whole) ? 0 : 1;
      this.#narrow(text, this.evaluate(text), limit);
    } else if (object && CHARACTER_TESTS.has(method)) {
      if (truth) this.#narrow(object, this.evaluate(object), 0);
    } else if (object && (method === 'match' || method === 'fullmatch')) {
      if (truth && nodes[0]) this.#narrow(nodes[0], this.evaluate(nodes[0]), 1);
    } else if (name === 'isinstance') {
      const type = nodes[1]?.text ?? '';
      if (truth && nodes[0] && ['int', 'float', 'bool'].includes(type))
        this.#narrow(nodes[0], this.evaluate(nodes[0]), 0);
    } else if (name === 'all' || name === 'any') {
      this.#refineEach(nodes, name === 'all', truth);
    } else if (known === undefined || !FUNCTIONS.has(name)) {
      // A check that cannot be seen into may or may not be enough.
      for (const argument of nodes) this.#narrow(argument, this.evaluate(argument), 1);
    }
  }

  /** `all(c.isalnum() for c in name)` says of name what it says of c. */
  #refineEach(nodes: readonly SyntaxNode[], all: boolean, truth: boolean): void {
    const clause = nodes[0]?.ofType('for_in_clause') ?? nodes[0]?.parent?.ofType('for_in_clause');
    const generator = clause?.parent;
    const body = generator?.get('body');
    const over = clause?.get('right');
    const target = clause?.get('left');
    if (!body || !over || target?.type !== 'identifier') return;
    if (!all) {
      // A list of what is forbidden may be complete or not.
      if (!truth)
        for (const part of body.walk())
          if (part.type === 'identifier') this.#narrow(part, this.evaluate(part), 1);
      if (!truth) this.#narrow(over, this.evaluate(over), 1);
      return;
    }
    if (!truth) return;
    put(this.#variables, target.text, opaque(TAINTED));
    const characters = body.type === 'comparison_operator' ? body.named[1] : undefined;
    const allowed = characters && this.evaluate(characters);
    if (body.type === 'boolean_operator') {
      this.#narrow(over, this.evaluate(over), 1);
      return;
    }
    // Single characters out of a constant text: a set like any other.
    const listed = allowed?.constant && allowed.text !== undefined && !DANGEROUS.test(allowed.text);
    if (!listed) this.#refine(body, true);
    const each = listed ? CLEAN : (this.#variables.get(target.text)?.taint ?? TAINTED);
    const worst = Math.max(each.sql, each.shell, each.html) as Taint;
    this.#narrow(over, this.evaluate(over), worst);
  }

  // --- expressions --------------------------------------------------------------------------

  evaluate(node: SyntaxNode): Value {
    this.#path.step();
    switch (node.type) {
      case 'string':
        return this.#string(node);
      case 'concatenated_string':
        return joined(node.named.map((part) => this.evaluate(part)));
      case 'integer':
      case 'float':
        return { ...textValue(node.text) };
      case 'true':
        return { ...opaque(CLEAN), constant: true, truth: true, text: 'True' };
      case 'false':
        return { ...opaque(CLEAN), constant: true, truth: false, text: 'False' };
      case 'none':
        return { ...NOTHING, text: 'None' };
      case 'identifier':
        return this.#variables.get(node.text) ?? { ...opaque(CLEAN), qualified: node.text };
      case 'attribute':
        return this.#attribute(node);
      case 'subscript':
        return this.#subscript(node);
      case 'call':
        return this.#call(node);
      case 'binary_operator':
        return this.#binary(node);
      case 'parenthesized_expression':
      case 'await':
      case 'expression_list':
      case 'tuple':
      case 'list':
      case 'set':
        return this.#collection(node);
      case 'dictionary':
        return this.#dictionary(node);
      case 'list_comprehension':
      case 'set_comprehension':
      case 'generator_expression':
      case 'dictionary_comprehension':
        return this.#comprehension(node);
      case 'conditional_expression': {
        const [whenTrue, condition, otherwise] = node.named;
        if (!whenTrue || !condition || !otherwise) return NOTHING;
        return this.evaluate(this.branch(condition) ? whenTrue : otherwise);
      }
      case 'boolean_operator': {
        const [left, right] = [node.get('left'), node.get('right')];
        const parts = [left, right].map((part) => (part ? this.evaluate(part) : NOTHING));
        return { ...mixed(...parts), constant: parts.every((part) => part.constant) };
      }
      case 'comparison_operator':
      case 'not_operator':
        for (const child of node.named) this.evaluate(child);
        return opaque(CLEAN);
      case 'unary_operator':
        return mixed(...node.named.map((child) => this.evaluate(child)));
      case 'named_expression': {
        const value = node.get('value');
        const result = value ? this.evaluate(value) : NOTHING;
        const name = node.get('name');
        if (name) this.#assign(name, result);
        return result;
      }
      case 'assignment': {
        const right = node.get('right');
        const left = node.get('left');
        if (!right) return NOTHING;
        const value = this.evaluate(right);
        if (left) this.#assign(left, value);
        return value;
      }
      case 'augmented_assignment':
        return this.#augmented(node);
      case 'as_pattern': {
        const value = node.named[0] ? this.evaluate(node.named[0]) : NOTHING;
        const target = node.ofType('as_pattern_target');
        if (target) this.#assign(target, value);
        return value;
      }
      case 'yield': {
        const value = mixed(...node.named.map((child) => this.evaluate(child)));
        const single = node.named[0] && this.evaluate(node.named[0]);
        if (this.#outermost)
          this.#report((rule) => rule.result?.(single ?? value, this.#web), node.line);
        return opaque(DOUBTFUL);
      }
      case 'lambda':
        return { ...opaque(CLEAN), function: node };
      case 'list_splat':
      case 'dictionary_splat':
        return node.named[0] ? this.evaluate(node.named[0]) : NOTHING;
      default:
        return SCOPES.has(node.type)
          ? NOTHING
          : mixed(...node.named.map((child) => this.evaluate(child)));
    }
  }

  #string(node: SyntaxNode): Value {
    const parts: Value[] = [];
    for (const part of node.named) {
      // Doubled braces of an f-string are single ones in the text.
      if (part.type === 'string_content')
        parts.push(textValue(part.text.replaceAll('{{', '{').replaceAll('}}', '}')));
      else if (part.type === 'interpolation') parts.push(this.#interpolation(part));
    }
    return joined(parts);
  }

  #interpolation(node: SyntaxNode): Value {
    const expression = node.get('expression') ?? node.named[0];
    const value = expression ? this.evaluate(expression) : NOTHING;
    const format = node.get('format_specifier') ?? node.ofType('format_specifier');
    const inserted = { ...mixed(value), text: value.text ?? HOLE, constant: value.constant };
    // A number format refuses anything but a number.
    return format && /[bcdeEfFgGnoxX%]$/.test(format.text)
      ? cleaned(inserted, ...PLACES)
      : inserted;
  }

  #attribute(node: SyntaxNode): Value {
    const known = this.#variables.get(node.text);
    if (known) return known;
    const object = node.get('object');
    const base = object ? this.evaluate(object) : NOTHING;
    const name = node.get('attribute')?.text ?? '';
    if (base.qualified !== undefined) {
      const qualified = `${base.qualified}.${name}`;
      return { ...opaque(OUTSIDE.test(qualified) ? TAINTED : base.taint), qualified };
    }
    return mixed(base);
  }

  #subscript(node: SyntaxNode): Value {
    const known = this.#variables.get(node.text);
    if (known) return known;
    const object = node.get('value');
    const base = object ? this.evaluate(object) : NOTHING;
    const index = node.get('subscript');
    const at = index ? this.evaluate(index) : NOTHING;
    if (index?.type === 'slice') return base.items ? { ...base } : mixed(base);
    if (base.entries && at.text !== undefined) {
      const entry = base.entries.get(at.text);
      if (entry) return entry;
    }
    const number = Number(at.text);
    if (base.items && !base.repeated && Number.isInteger(number)) {
      const item = base.items.at(number);
      if (item) return item;
    }
    return elementOf(base);
  }

  #collection(node: SyntaxNode): Value {
    if (node.type === 'parenthesized_expression' || node.type === 'await')
      return node.named[0] ? this.evaluate(node.named[0]) : NOTHING;
    const items: Value[] = [];
    let repeated = false;
    for (const child of node.named) {
      const value = this.evaluate(child);
      if (child.type !== 'list_splat') items.push(value);
      else if (value.items) items.push(...value.items);
      else items.push(elementOf(value));
      if (child.type === 'list_splat' && (value.repeated || !value.items)) repeated = true;
    }
    return { ...opaque(CLEAN), items, repeated, constant: items.every((item) => item.constant) };
  }

  #dictionary(node: SyntaxNode): Value {
    const entries = new Map<string, Value>();
    let constant = true;
    for (const child of node.named) {
      if (child.type === 'pair') {
        const key = child.get('key');
        const value = child.get('value');
        const name = key ? this.evaluate(key) : NOTHING;
        const held = value ? this.evaluate(value) : NOTHING;
        constant &&= name.constant && held.constant;
        entries.set(name.text ?? `${HOLE}${entries.size}`, held);
      } else if (child.type === 'dictionary_splat') {
        const inner = this.evaluate(child);
        constant &&= inner.constant;
        for (const [name, value] of inner.entries ?? [
          [`${HOLE}${entries.size}`, mixed(inner)] as const,
        ])
          entries.set(name, value);
      }
    }
    return { ...opaque(CLEAN), entries, constant };
  }

  #comprehension(node: SyntaxNode): Value {
    const before = this.#variables;
    this.#variables = new Map(before);
    try {
      return this.#elements(node);
    } finally {
      this.#variables = before;
    }
  }

  #elements(node: SyntaxNode): Value {
    for (const clause of node.named) {
      const left = clause.get('left');
      const right = clause.get('right');
      if (clause.type === 'for_in_clause' && left && right)
        this.#assign(left, elementOf(this.evaluate(right)));
      else if (clause.type === 'if_clause' && clause.named[0]) {
        // Only elements that pass come out.
        if (!this.branch(clause.named[0])) throw ABANDON;
      }
    }
    const body = node.get('body');
    const isPair = body?.type === 'pair';
    const value = isPair ? body.get('value') : body;
    const item = value ? this.evaluate(value) : NOTHING;
    if (isPair) return { ...opaque(CLEAN), entries: new Map([[HOLE, item]]) };
    return { ...opaque(CLEAN), items: [item], repeated: true };
  }

  #augmented(node: SyntaxNode): Value {
    const left = node.get('left');
    const right = node.get('right');
    if (!left || !right) return NOTHING;
    const before = this.evaluate(left);
    const added = this.evaluate(right);
    const operator = node.get('operator')?.type ?? '';
    if (operator === '+=' && before.items) {
      append(before.items, ...(added.items ?? [elementOf(added)]));
      const repeated = added.repeated ?? added.items === undefined;
      if (!before.repeated) change(before, 'repeated', repeated);
      if (!added.constant) change(before, 'constant', false);
      return before;
    }
    const value = this.#combine(operator.slice(0, -1), before, added);
    this.#assign(left, value);
    return value;
  }

  #binary(node: SyntaxNode): Value {
    const left = node.get('left');
    const right = node.get('right');
    if (!left || !right) return NOTHING;
    return this.#combine(
      node.get('operator')?.type ?? '',
      this.evaluate(left),
      this.evaluate(right),
    );
  }

  #combine(operator: string, left: Value, right: Value): Value {
    if (operator === '+') {
      if (left.items && right.items)
        return {
          ...opaque(CLEAN),
          items: [...left.items, ...right.items],
          repeated: (left.repeated ?? false) || (right.repeated ?? false),
          constant: left.constant && right.constant,
        };
      if (left.items || right.items) {
        const items = [
          ...(left.items ?? [elementOf(left)]),
          ...(right.items ?? [elementOf(right)]),
        ];
        return { ...opaque(CLEAN), items, repeated: true };
      }
      if (left.markup || right.markup) {
        const parts = [left, right].map((part) => (part.markup ? part : cleaned(part, 'html')));
        return { ...joined(parts), markup: true };
      }
      return joined([left, right]);
    }
    if (operator === '%' && left.text !== undefined)
      return formatted(left, percentParts(left, right));
    if (operator === '*') {
      if (left.items) return { ...left, repeated: true };
      return { ...mixed(left), constant: left.constant && right.constant, text: left.text ?? HOLE };
    }
    return mixed(left, right);
  }

  // --- calls --------------------------------------------------------------------------------

  #call(node: SyntaxNode): Value {
    const callee = node.get('function');
    if (!callee) return NOTHING;
    const args: Value[] = [];
    const keywords = new Map<string, Value>();
    const list = node.get('arguments');
    // `f(x for x in y)` has the generator itself in place of the argument list.
    const nodes = list?.type === 'generator_expression' ? [list] : (list?.named ?? []);
    for (const argument of nodes) {
      const value = argument.get('value');
      if (argument.type === 'keyword_argument' && value)
        keywords.set(argument.get('name')?.text ?? '', this.evaluate(value));
      else if (argument.type === 'dictionary_splat') {
        const inner = this.evaluate(argument);
        for (const [name, held] of inner.entries ?? [[HOLE, inner] as const])
          keywords.set(name, held);
      } else if (argument.type === 'list_splat') {
        const inner = this.evaluate(argument);
        args.push(...(inner.items ?? [elementOf(inner)]));
      } else args.push(this.evaluate(argument));
    }
    const target = this.evaluate(callee);
    const inner = [...args, ...keywords.values()].flatMap(({ function: given }) =>
      given && isInner(given) ? [given] : [],
    );
    if (!target.function) for (const given of inner) this.#calledByOthers(given, CLEAN);
    if (target.qualified !== undefined) {
      const call = { name: target.qualified, receiver: undefined, args, keywords, line: node.line };
      this.#report((rule) => rule.call?.(call), node.line);
      return this.#library(call, nodes);
    }
    const object = callee.type === 'attribute' ? callee.get('object') : undefined;
    if (target.function) return this.#enter(target.function, args, keywords);
    if (object) {
      const receiver = this.evaluate(object);
      const name = `.${callee.get('attribute')?.text ?? ''}`;
      const call = { name, receiver, args, keywords, line: node.line };
      this.#report((rule) => rule.call?.(call), node.line);
      const method = METHODS.get(name.slice(1));
      return method ? method(call, receiver) : mixed(receiver, ...args, ...keywords.values());
    }
    return this.#doubted(args, keywords);
  }

  #library(call: Call, nodes: readonly SyntaxNode[]): Value {
    const { args, keywords } = call;
    if (call.name === 'map' && args[0] && args[1]) {
      const item = elementOf(args[1]);
      const made = args[0].function
        ? this.#enter(args[0].function, [item], new Map())
        : this.#library({ ...call, name: args[0].qualified ?? '', args: [item] }, []);
      return { ...opaque(CLEAN), items: [made], repeated: true };
    }
    // What int() accepted holds nothing but digits.
    if ((call.name === 'int' || call.name === 'float') && nodes[0] && args[0])
      this.#narrow(nodes[0], args[0], 0);
    const known = FUNCTIONS.get(call.name);
    if (known) return known(call);
    if (OUTSIDE.test(call.name)) return opaque(TAINTED);
    if (STANDARD.has(call.name.split('.')[0]!)) return mixed(...args, ...keywords.values());
    return this.#doubted(args, keywords);
  }

  /** The result of a function that cannot be seen into: it may have made its arguments safe. */
  #doubted(args: readonly Value[], keywords: ReadonlyMap<string, Value>): Value {
    const all = mixed(...args, ...keywords.values());
    return { ...all, taint: atMost(all.taint, 1) };
  }

  #enter(node: SyntaxNode, args: readonly Value[], keywords: ReadonlyMap<string, Value>): Value {
    if (this.#calls >= MAX_CALLS) return this.#doubted(args, keywords);
    const [variables, outermost] = [this.#variables, this.#outermost];
    this.#variables = new Map(variables);
    this.#outermost = false;
    this.#calls++;
    try {
      return this.#called(node, args, keywords);
    } finally {
      this.#calls--;
      this.#variables = variables;
      this.#outermost = outermost;
    }
  }

  /** Whoever a function is given to calls it; with what, nobody can tell. */
  #calledByOthers(node: SyntaxNode, taint: Taints): void {
    const parameters = node.get('parameters')?.named ?? [];
    this.#enter(
      node,
      parameters.map(() => opaque(taint)),
      new Map(),
    );
  }

  #called(node: SyntaxNode, args: readonly Value[], keywords: ReadonlyMap<string, Value>): Value {
    const parameters = node.get('parameters')?.named ?? [];
    for (const [index, parameter] of parameters.entries()) {
      const name = parameterName(parameter);
      const preset = parameter.get('value');
      if (name === undefined) continue;
      const value = parameter.type.includes('splat')
        ? mixed(...args.slice(index))
        : (keywords.get(name) ?? args[index] ?? (preset ? this.evaluate(preset) : NOTHING));
      this.#set(name, value);
    }
    const body = node.get('body');
    this.#returned = NOTHING;
    if (body && node.type === 'lambda') return this.evaluate(body);
    if (body) this.execute(body);
    return this.#returned;
  }
}

/** Within a function, so that it is not judged on its own. */
function isInner(node: SyntaxNode): boolean {
  for (let at = node.parent; at; at = at.parent)
    if (at.type === 'function_definition' && at !== node) return true;
  return false;
}

const CASE_METHODS = new Set(['strip', 'lstrip', 'rstrip', 'lower', 'upper', 'casefold', 'title']);
const CHARACTER_TESTS = new Set(
  'isdigit isalnum isalpha isdecimal isnumeric isidentifier'.split(' '),
);
/** Decorators that make a function answer web requests. */
const ROUTES = new Set(['route', 'get', 'post', 'put', 'errorhandler']);
/** What comes from outside by these names even where no parameter carries it. */
const OUTSIDE = /^(?:flask\.)?request\.|^sys\.argv$|^os\.environ$/;
/** Modules whose functions pass on what they are given. */
const STANDARD = new Set(
  'os json textwrap urllib datetime string itertools collections functools copy base64 time re sys io pathlib random'.split(
    ' ',
  ),
);
/** Characters that mean something in SQL, a shell or HTML. */
const DANGEROUS = /['"`\\;|&<>$(){}*?~#\s]/;

/** Whether a regular expression lets only harmless characters pass, from first to last. */
function allowsOnlyHarmless(pattern: string, name: string, whole: boolean): boolean {
  const starts =
    whole || name === 're.match' || pattern.startsWith('^') || pattern.startsWith('\\A');
  const ends = whole || pattern.endsWith('$') || pattern.endsWith('\\Z');
  if (!starts || !ends) return false;
  const core = pattern.replace(/^(?:\^|\\A)/, '').replace(/(?:\$|\\Z)$/, '');
  // Quantifiers, groups and escapes of harmless classes are the grammar of patterns, not text.
  const plain = core.replace(/\\[wd.\-/+_]/g, '').replace(/\{[\d,]*\}|[+*?()|]/g, '');
  const inside = [...core.matchAll(/\[((?:\\.|[^\]\\])*)\]/g)].map((match) => match[1]!);
  if (inside.some((set) => set.startsWith('^') || DANGEROUS.test(set.replace(/\\[wd.\-/+_]/g, ''))))
    return false;
  const outside = plain.replace(/\[(?:\\.|[^\]\\])*\]/g, '');
  return !outside.includes('.') && !DANGEROUS.test(outside);
}

function parameterName(node: SyntaxNode): string | undefined {
  if (node.type === 'identifier') return node.text;
  const name = node.get('name');
  if (name) return name.text;
  return node.walk().find((child) => child.type === 'identifier')?.text;
}

/** The values of `text % values`, numbers where the text asks for numbers. */
function percentParts(template: Value, right: Value): Value[] {
  const kinds = [
    ...(template.text ?? '').matchAll(/%(?:\((\w+)\))?[-+ #0]*\d*(?:\.\d+)?([a-zA-Z%])/g),
  ].filter((match) => match[2] !== '%');
  const values = right.items ?? (right.entries ? undefined : [right]);
  return kinds
    .map(([, name, kind], index) => {
      const value = name !== undefined ? right.entries?.get(name) : values?.[index];
      const held = value ?? mixed(right);
      return 'diouxXeEfFgGc'.includes(kind!) ? cleaned(mixed(held), ...PLACES) : held;
    })
    .concat(kinds.length === 0 ? [right] : []);
}
