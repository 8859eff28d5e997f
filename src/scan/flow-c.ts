/**
 * Runs a C function on symbols: sizes and lengths are linear forms, guards become facts, each path
 * is run on its own (paths.ts), and a loop is one generic iteration after any number of others.
 * Arithmetic does not wrap, and a parameter may be anything that its guards allow.
 */
import { LIBRARY } from './libc.js';
import { Facts, Linear, type Unknown, ZERO } from './linear.js';
import { COMPARISONS, type Guard, keyOf, type LoopShape, shapeOf } from './loops-c.js';
import type { SyntaxNode } from './parse.js';
import { ABANDON, type Budget, explore, FileBudget, type Path } from './paths.js';
import { type Parameter, pairSizes } from './sizes.js';
import { change, drop, put } from './trail.js';
import type { Finding } from './types.js';
import { CHAR, type CType, INT, SIZE, sizeOf, strideOf, TypeTable, UNKNOWN } from './types-c.js';

/** A piece of memory: an array, an allocation, a string literal, what a parameter points to. */
export interface Block {
  name: string;
  /** Bytes; absent where not known. */
  capacity: Linear | undefined;
  /** Bytes before the first NUL. */
  length: Linear;
  /** The characters of a string literal, with escapes as one character each. */
  literal?: string;
  /** Holds only text of the program, so that it may be a format. */
  trusted: boolean;
  /** The capacity is that of a declared array, not of a contract with the caller. */
  declared: boolean;
  /** It was allocated in this function. */
  allocated?: true;
  /** What an array was initialised with, where these are pointers. */
  elements?: Value[];
}

export interface NumberValue {
  kind: 'number';
  form: Linear;
  unsigned: boolean;
  /** It is the byte read from here. */
  from?: { block: Block; at: Linear };
}

export interface PointerValue {
  kind: 'pointer';
  block: Block;
  /** Bytes from the start of the block. */
  offset: Linear;
  to: CType;
}

export type Value = NumberValue | PointerValue;

/** Memory findings carry whether bytes were written or read; `format` and `output` are for CWE-134. */
export interface CFinding extends Finding {
  kind: 'write' | 'read' | 'format' | 'output';
  /** The memory that a write or read is of, where its size is known. */
  memory?: 'declared' | 'allocated';
  /** Nothing limits how far it reaches. */
  unbounded?: true;
}

export interface LibraryCall {
  name: string;
  line: number;
  args: Value[];
}

interface Variable {
  type: CType;
  value: Value;
}

type Completion = 'next' | 'break' | 'continue' | 'return' | { goto: string };

/** Where a run is: a statement of a sequence, a way of an `if`, a loop, within what is around it. */
interface Place {
  outer: Place | undefined;
  at: number;
  /** Of a loop: what is taken to hold in each of its iterations. */
  invariants?: Guard[];
}
const START: Place = { outer: undefined, at: 0 };

/** Conditions of loops as they are asked at the end: other choices than on entry. */
const LEAVING = new WeakMap<SyntaxNode, object>();
const NULL_NAMES = new Set(['NULL', 'nullptr', 'false']);

const memoryOf = ({ allocated, declared }: Block): Pick<CFinding, 'memory'> =>
  allocated ? { memory: 'allocated' } : declared ? { memory: 'declared' } : {};

/** What the object-like macros of a file stand for. */
export type Macros = ReadonlyMap<string, SyntaxNode>;

/** @param parse parses a source; the text of a macro is not parsed with the file it stands in */
export function macrosOf(root: SyntaxNode, parse: (source: string) => SyntaxNode): Macros {
  const macros = new Map<string, SyntaxNode>();
  for (const node of root.walk()) {
    if (node.type !== 'preproc_def') continue;
    const name = node.get('name');
    const text = node.get('value')?.text;
    if (!name || !text) continue;
    const declared = parse(`int value = (${text});`).walk();
    const value = declared.find((part) => part.field === 'value');
    if (value) macros.set(name.text, value);
  }
  return macros;
}

/**
 * All findings of all functions in a file; `complete` is false where there were too many paths.
 *
 * @param allowance what may be spent on each function
 */
export function runC(
  root: SyntaxNode,
  macros: Macros,
  allowance?: Budget,
): { findings: CFinding[]; complete: boolean } {
  const findings: CFinding[] = [];
  const refuted = new Set<SyntaxNode>();
  const functions = root
    .walk((node) => node.type === 'compound_statement')
    .filter((node) => node.type === 'function_definition');
  const file = new FileBudget(allowance);
  const globals = globalsOf(root);
  let complete = true;
  // Where a syntax error took the function apart, its statements are read as they lie.
  const bodies: (SyntaxNode | undefined)[] = functions.length > 0 ? functions : [undefined];
  for (const body of bodies) {
    // Loop invariants are guessed; when one turns out wrong, all that was built on it is redone.
    const [kept, wrong] = [findings.length, refuted.size];
    const finished = file.spend((budget) => {
      let run: CRun | undefined;
      const attempt = () =>
        explore<Place>((path, from) => {
          if (run && from) {
            run.goOn(body ?? root, from);
            return;
          }
          run = new CRun(path, findings, macros, refuted);
          run.globals(globals);
          run.start(body ?? root);
        }, budget);
      let all = attempt();
      for (let known = wrong; refuted.size > known; ) {
        known = refuted.size;
        findings.length = kept;
        all = attempt();
      }
      return all;
    });
    complete &&= finished;
  }
  return { findings, complete };
}

const GLOBALS = new Set([
  'declaration',
  'type_definition',
  'struct_specifier',
  'union_specifier',
  'enum_specifier',
]);

/** What a file declares outside of its functions. */
function globalsOf(node: SyntaxNode): SyntaxNode[] {
  return node.named.flatMap((child) => {
    if (GLOBALS.has(child.type)) return [child];
    const inside = child.type.startsWith('preproc_') || child.type === 'linkage_specification';
    return inside ? globalsOf(child) : [];
  });
}

export class CRun {
  readonly facts = new Facts((steps) => this.#path.step(steps));
  readonly #path: Path<Place>;
  readonly #findings: CFinding[];
  readonly #variables = new Map<string, Variable>();
  readonly #macros: Macros;
  /** Comparisons that do not hold from one iteration of their loop to the next. */
  readonly #refuted: Set<SyntaxNode>;
  readonly #expanding = new Set<string>();
  /** The loop whose condition is asked after its last iteration. */
  #leaving: SyntaxNode | undefined;
  readonly #nonlinear = new Map<string, Value>();
  /** Where to go on from, from the inside out; empty where it has got there. */
  readonly #back: Place[] = [];
  readonly #types = new TypeTable((node) => this.number(this.evaluate(node)).form);

  constructor(path: Path<Place>, findings: CFinding[], macros: Macros, refuted: Set<SyntaxNode>) {
    this.#refuted = refuted;
    this.#path = path;
    this.#findings = findings;
    this.#macros = macros;
  }

  // --- values -------------------------------------------------------------------------------

  /** A new unknown number, in the given range where one is given. */
  fresh(
    name: string,
    options: {
      opaque?: boolean;
      counter?: boolean;
      unsigned?: boolean;
      atLeast?: Linear | number;
      atMost?: Linear | number;
      unsignedOf?: Linear;
    } = {},
  ): NumberValue {
    const unknown: Unknown = {
      name,
      opaque: options.opaque ?? false,
      counter: options.counter ?? false,
      ...(options.unsignedOf && { unsignedOf: options.unsignedOf }),
    };
    const form = Linear.of(unknown);
    const unsigned = options.unsigned ?? false;
    const atLeast = options.atLeast ?? (unsigned ? 0 : undefined);
    if (atLeast !== undefined) this.facts.add(ZERO.plus(atLeast).minus(form));
    if (options.atMost !== undefined) this.facts.add(form.minus(options.atMost));
    return { kind: 'number', form, unsigned };
  }

  constant(value: number | Linear, unsigned = false): NumberValue {
    return { kind: 'number', form: ZERO.plus(value), unsigned };
  }

  /** A number of the given type of which only the type is known. */
  ofType(name: string, type: CType, opaque: boolean): NumberValue {
    if (type.kind !== 'number') return this.fresh(name, { opaque });
    const small = type.unsigned && type.bytes <= 2;
    return this.fresh(name, {
      opaque,
      unsigned: type.unsigned,
      ...(small && { atMost: 2 ** (8 * type.bytes) - 1 }),
    });
  }

  block(name: string, capacity: Linear | undefined, options: Partial<Block> = {}): Block {
    const length =
      options.length ??
      this.fresh(`strlen(${name})`, {
        unsigned: true,
        ...(capacity && { atMost: capacity.minus(1) }),
      }).form;
    return { name, capacity, trusted: false, declared: false, ...options, length };
  }

  pointer(block: Block, to: CType = CHAR, offset = ZERO): PointerValue {
    return { kind: 'pointer', block, offset, to };
  }

  literal(text: string): PointerValue {
    const length = new Linear(text.length);
    return this.pointer(
      this.block('a literal', length.plus(1), { length, literal: text, trusted: true }),
    );
  }

  number(value: Value): NumberValue {
    return value.kind === 'number' ? value : this.fresh('a pointer', { opaque: true });
  }

  /** What a value points to; an unknown block where it is not known to be a pointer. */
  asPointer(value: Value, name = 'memory'): PointerValue {
    if (value.kind === 'pointer') return value;
    return this.pointer(this.block(name, undefined));
  }

  /** The block now holds a string of at most this many bytes (any number that fits, if not given). */
  setLength(block: Block, atMost?: Linear): void {
    if (block.literal !== undefined) return;
    const length = this.fresh(`strlen(${block.name})`, {
      unsigned: true,
      ...(block.capacity && { atMost: block.capacity.minus(1) }),
    }).form;
    change(block, 'length', length);
    if (atMost) this.facts.add(block.length.minus(atMost));
  }

  /** A variable of the given type before anything was assigned to it. */
  #initial(name: string, type: CType, opaque: boolean): Value {
    if (type.kind === 'array')
      return this.pointer(this.block(name, sizeOf(type), { declared: true }), type.of);
    if (type.kind === 'pointer') return this.pointer(this.block(name, undefined), type.to);
    return this.ofType(name, type, opaque || type.kind === 'unknown');
  }

  #convert(value: Value, type: CType, name: string): Value {
    if (type.kind === 'pointer') {
      if (value.kind === 'number' && value.form.value !== undefined) return value;
      return { ...this.asPointer(value, name), to: type.to };
    }
    if (type.kind !== 'number' || value.kind !== 'number') return value;
    if (type.unsigned && type.bytes <= 2) {
      const limit = 2 ** (8 * type.bytes) - 1;
      const { form } = value;
      const fits = this.facts.prove(form.times(-1)) && this.facts.prove(form.minus(limit));
      return fits ? { ...value, unsigned: true } : this.ofType(name, type, false);
    }
    return type.unsigned ? this.#unsigned(value) : { ...value, unsigned: false };
  }

  /** A number as C reads it in an unsigned context: a negative one becomes huge. */
  #unsigned(value: NumberValue): NumberValue {
    if (value.unsigned || this.facts.prove(value.form.times(-1)))
      return { ...value, unsigned: true };
    return this.#remember(`unsigned ${key(value.form)}`, () =>
      this.fresh('unsigned value', { unsigned: true, unsignedOf: value.form }),
    );
  }

  #remember(name: string, make: () => NumberValue): NumberValue {
    let value = this.#nonlinear.get(name);
    if (value === undefined) {
      value = make();
      put(this.#nonlinear, name, value);
    }
    return value as NumberValue;
  }

  // --- findings -----------------------------------------------------------------------------

  report(
    kind: CFinding['kind'],
    status: Finding['status'],
    line: number,
    reason: string,
    about: Pick<CFinding, 'memory' | 'unbounded'> = {},
  ): void {
    this.#findings.push({ kind, status, line, reason, ...about });
  }

  /**
   * Judges a write (or read) of `need` bytes.
   *
   * @param options.what e.g. `strcpy`
   * @param options.bound the length argument of a bounded call, which must not be negative either
   * @param options.or another limit of what is written: it is enough that one of the two fits
   */
  access(
    kind: 'write' | 'read',
    target: PointerValue,
    need: Linear,
    line: number,
    options: {
      what: string;
      unbounded: string;
      loose: string;
      bound?: Linear;
      or?: Linear;
      minor?: boolean;
    },
  ): void {
    const { block, offset } = target;
    const bound = options.bound ?? ZERO;
    const lower = [offset.times(-1), bound.times(-1)];
    const needs = options.or ? [need, options.or] : [need];
    const { capacity } = block;
    if (
      capacity &&
      lower.every((goal) => this.facts.prove(goal)) &&
      needs.some((bytes) => this.facts.prove(offset.plus(bytes).minus(capacity)))
    ) {
      const status = options.minor || kind === 'read' ? 'minor' : 'safe';
      this.report(
        kind,
        status,
        line,
        `${options.what} stays within ${block.name}`,
        memoryOf(block),
      );
      return;
    }
    const reach = offset.plus(need);
    const opaque = (form: Linear) => form.terms.some(([unknown]) => unknown.opaque);
    if (!this.#bounded(reach) && !opaque(reach))
      this.report(kind, 'unsafe', line, options.unbounded, { ...memoryOf(block), unbounded: true });
    else if (capacity === undefined || opaque(reach) || opaque(capacity))
      this.report(
        kind,
        'unknown',
        line,
        `the size of ${block.name} is not known for ${options.what}`,
      );
    else this.report(kind, 'unsafe', line, options.loose, memoryOf(block));
  }

  /** Whether each unknown of a form has some upper limit, be it only another unknown. */
  #bounded(form: Linear): boolean {
    const limited = (unknown: Unknown, seen: Unknown[]): boolean => {
      for (const other of this.facts.limitsOf(unknown)) {
        if (other === 'number' || (!unknown.counter && !other.counter)) return true;
        if (!seen.includes(other) && limited(other, [...seen, other])) return true;
      }
      return false;
    };
    return form.terms.every(
      ([unknown, coefficient]) => coefficient < 0 || limited(unknown, [unknown]),
    );
  }

  // --- declarations -------------------------------------------------------------------------

  /** Types, enumerations and variables of the file. */
  globals(nodes: readonly SyntaxNode[]): void {
    for (const node of nodes) {
      switch (node.type) {
        case 'declaration':
          this.#declare(node);
          break;
        case 'type_definition':
          this.#types.define(node);
          break;
        case 'struct_specifier':
        case 'union_specifier':
          this.#types.base(node);
          break;
        case 'enum_specifier':
          this.#enumerate(node);
          break;
      }
    }
  }

  #enumerate(node: SyntaxNode): void {
    let next = this.constant(0);
    for (const item of node.get('body')?.named ?? []) {
      const value = item.get('value');
      if (value) next = this.number(this.evaluate(value));
      const name = item.get('name');
      if (name) put(this.#variables, name.text, { type: INT, value: next });
      next = this.constant(next.form.plus(1));
    }
  }

  #declare(node: SyntaxNode): void {
    const typeNode = node.get('type');
    if (typeNode?.type === 'enum_specifier') this.#enumerate(typeNode);
    const base = this.#types.base(typeNode);
    for (const declarator of node.all('declarator')) {
      if (declarator.type === 'function_declarator') continue;
      const declared = this.#types.declared(base, declarator);
      if (!declared) continue;
      const value = declarator.type === 'init_declarator' ? declarator.get('value') : undefined;
      this.#define(declared.name, declared.type, value);
    }
  }

  #define(name: string, declared: CType, init: SyntaxNode | undefined): void {
    let type = declared;
    if (type.kind === 'array' && type.length === undefined && init) {
      // `char text[] = "..."` and `int list[] = { ... }` are as long as what they start with.
      const text = stringText(init);
      const count =
        text !== undefined
          ? text.length + 1
          : init.type === 'initializer_list'
            ? init.named.length
            : 0;
      type = { ...type, length: new Linear(count) };
    }
    this.#forgetFields(name);
    if (type.kind === 'array' || init === undefined || init.type === 'initializer_list') {
      const value = this.#initial(name, type, false);
      put(this.#variables, name, { type, value });
      if (init && value.kind === 'pointer') this.#fill(value, type, init);
      return;
    }
    const value = this.#convert(this.evaluate(init), type, name);
    put(this.#variables, name, { type, value });
  }

  #fill(array: PointerValue, type: CType, init: SyntaxNode): void {
    const text = stringText(init);
    if (text !== undefined) {
      array.block.length = new Linear(text.indexOf('\0') < 0 ? text.length : text.indexOf('\0'));
      array.block.trusted = true;
    } else if (init.type === 'initializer_list') {
      const values = init.named.map((item) => this.evaluate(item));
      if (type.kind === 'array' && type.of.kind === 'pointer') array.block.elements = values;
      const first = values[0];
      if (first === undefined || (first.kind === 'number' && first.form.value === 0))
        array.block.length = ZERO;
    }
  }

  /** Binds the parameters of a function and runs its body; of a whole file, what could not be parsed as one. */
  start(node: SyntaxNode): void {
    this.#parameters(declaratorOf(node));
    this.#body(node);
  }

  #body(node: SyntaxNode): void {
    if (node.type !== 'function_definition') this.#sequence(node.named, START);
    else {
      const body = node.get('body');
      if (body) this.execute(body, START);
    }
  }

  /** Goes on from a place that it was at, with the state of then. */
  goOn(node: SyntaxNode, from: Place): void {
    for (let place: Place = from; place.outer; place = place.outer) this.#back.push(place);
    this.#body(node);
  }

  #parameters(declarator: SyntaxNode | undefined): void {
    const list = (declarator?.get('parameters')?.named ?? []).flatMap((node) => {
      const declared = this.#types.declared(
        this.#types.base(node.get('type')),
        node.get('declarator'),
      );
      if (!declared) return [];
      const pointer = declared.type.kind === 'pointer' || declared.type.kind === 'array';
      const readOnly = node.children.some((child) => child.text === 'const');
      return [{ ...declared, pointer, readOnly }];
    });
    for (const { name, type, pointer } of list)
      if (!pointer) put(this.#variables, name, { type, value: this.#initial(name, type, false) });
    const pairs = pairsOf(declarator, list);
    for (const { name, type, pointer, readOnly } of list) {
      if (!pointer || (type.kind !== 'pointer' && type.kind !== 'array')) continue;
      const to = type.kind === 'pointer' ? type.to : type.of;
      let capacity = type.kind === 'array' ? sizeOf(type) : undefined;
      const size = pairs.get(name);
      const owner = size === undefined ? undefined : this.#variables.get(size)?.value;
      if (owner?.kind === 'number') {
        capacity = owner.form.times(strideOf(to));
        // The size of a buffer to be written counts at least one element.
        if (!readOnly) this.facts.add(new Linear(1).minus(owner.form));
      }
      const length = this.fresh(`strlen(${name})`, { unsigned: true }).form;
      if (capacity && !readOnly) this.facts.add(length.minus(capacity).plus(1));
      const block = this.block(name, capacity, { length });
      put(this.#variables, name, {
        type: { kind: 'pointer', to },
        value: this.pointer(block, to),
      });
    }
  }

  // --- statements ---------------------------------------------------------------------------

  /** @param outer where it is */
  execute(node: SyntaxNode, outer: Place): Completion {
    if (this.#back.length === 0) this.#path.step();
    switch (node.type) {
      case 'compound_statement':
        return this.#sequence(node.named, outer);
      case 'expression_statement':
        for (const child of node.named) this.evaluate(child);
        return 'next';
      case 'declaration':
        this.#declare(node);
        return 'next';
      case 'if_statement': {
        const condition = node.get('condition');
        const holds = () => condition === undefined || this.branch(condition);
        const at = this.#back.pop()?.at ?? (holds() ? 1 : 0);
        const taken = at === 1 ? node.get('consequence') : node.get('alternative');
        return taken ? this.execute(taken, { outer, at }) : 'next';
      }
      case 'else_clause':
        return this.#sequence(node.named, outer);
      case 'return_statement':
        for (const child of node.named) this.evaluate(child);
        return 'return';
      case 'break_statement':
        return 'break';
      case 'continue_statement':
        return 'continue';
      case 'goto_statement':
        return { goto: node.get('label')?.text ?? '' };
      case 'labeled_statement':
        return this.#sequence(node.named.slice(1), outer);
      case 'while_statement':
      case 'for_statement':
      case 'do_statement':
        return this.#loop(node, outer);
      case 'switch_statement':
        return this.#switch(node, outer);
      case 'type_definition':
        this.#types.define(node);
        return 'next';
      case 'struct_specifier':
      case 'union_specifier':
        this.#types.base(node);
        return 'next';
      case 'enum_specifier':
        this.#enumerate(node);
        return 'next';
      case 'ERROR':
        return this.#sequence(node.named, outer);
      default:
        if (node.type.startsWith('preproc_')) return this.#sequence(node.named, outer);
        if (node.type.endsWith('_expression')) this.evaluate(node);
        return 'next';
    }
  }

  #sequence(nodes: readonly SyntaxNode[], outer: Place): Completion {
    for (let index = this.#back.pop()?.at ?? 0; index < nodes.length; index++) {
      const place = { outer, at: index };
      if (this.#back.length === 0) this.#path.mark(place);
      const completion = this.execute(nodes[index]!, place);
      if (completion === 'next') continue;
      if (typeof completion === 'string') return completion;
      const label = nodes.findIndex(
        (node, at) =>
          at > index &&
          node.type === 'labeled_statement' &&
          node.get('label')?.text === completion.goto,
      );
      // A jump backwards is a loop that this reading does not follow.
      if (label < 0) return completion;
      index = label - 1;
    }
    return 'next';
  }

  #loop(node: SyntaxNode, outer: Place): Completion {
    const condition = node.get('condition');
    const body = node.get('body');
    const update = node.get('update');
    const enters = (): boolean => condition === undefined || this.branch(condition);
    const invariants = this.#back.pop()?.invariants ?? this.#enter(node, enters);
    if (invariants === undefined) return 'next';
    const completion = body ? this.execute(body, { outer, at: 0, invariants }) : 'next';
    if (completion === 'break') return 'next';
    if (completion !== 'next' && completion !== 'continue') return completion;
    if (update) this.evaluate(update);
    for (const guard of invariants) if (!this.#within(guard)) this.#refute(guard);
    // This was the last iteration: the path on which it was not is the generic one again.
    this.#leaving = node;
    const again = enters();
    this.#leaving = undefined;
    if (again) throw ABANDON;
    return 'next';
  }

  /** Brings the state to the start of the body in any iteration; undefined where there is none. */
  #enter(node: SyntaxNode, enters: () => boolean): Guard[] | undefined {
    const initializer = node.get('initializer');
    if (initializer?.type === 'declaration') this.#declare(initializer);
    else if (initializer) this.evaluate(initializer);
    if (node.type !== 'do_statement' && !enters()) return undefined;
    // What a guard in the loop compares is taken to hold at its limit, at most, all the time:
    // `j - (cap - 1) <= 0` for `if (j < cap - 1) dst[j++] = c;`.
    const shape = shapeOf(node);
    const invariants = shape.guards.filter(
      (guard) => !this.#refuted.has(guard.node) && this.#within(guard),
    );
    this.#iterate(shape);
    for (const guard of invariants) {
      const excess = this.#excess(guard);
      if (excess) this.facts.add(excess);
    }
    if (node.type !== 'do_statement' && !enters()) throw ABANDON;
    return invariants;
  }

  #refute({ node }: Guard): void {
    if (this.#refuted.has(node)) return;
    this.#refuted.add(node);
    this.#path.startAnew();
  }

  /** By how much the growing side of a guard is above its limit; undefined where that means nothing. */
  #excess({ grows, limit, names }: Guard): Linear | undefined {
    if (!names.every((name) => this.#variables.has(name) || this.#macros.has(name)))
      return undefined;
    const [a, b] = [this.evaluate(grows), this.evaluate(limit)];
    if (a.kind === 'number' && b.kind === 'number') return a.form.minus(b.form);
    const comparable = a.kind === 'pointer' && b.kind === 'pointer' && a.block === b.block;
    return comparable ? a.offset.minus(b.offset) : undefined;
  }

  #within(guard: Guard): boolean {
    const excess = this.#excess(guard);
    return excess !== undefined && this.facts.prove(excess);
  }

  /** Brings the state to the start of any later iteration of a loop. */
  #iterate({ changes, written }: LoopShape): void {
    const counter = this.fresh('iterations', { counter: true, atLeast: 0 }).form;
    for (const [name, steps] of changes) {
      const variable = this.#variables.get(name);
      if (!variable) continue;
      const { value, type } = variable;
      const size = value.kind === 'pointer' ? strideOf(value.to) : 1;
      const start = value.kind === 'pointer' ? value.offset : value.form;
      const known = steps.every((step) => step.by !== undefined && !step.nested);
      const sum = steps.reduce((total, step) => total + (step.by ?? 0), 0) * size;
      const forward = steps.every((step) => step.grows);
      const backward = steps.every((step) => (step.by ?? 1) <= 0);
      let form: Linear;
      if (known && steps.every((step) => !step.conditional)) {
        form = start.plus(counter, sum);
      } else {
        form = this.fresh(name, { opaque: !known }).form;
        if (forward) this.facts.add(start.minus(form));
        if (backward) this.facts.add(form.minus(start));
        if (known && forward) this.facts.add(form.minus(start.plus(counter, sum)));
        if (type.kind === 'number' && type.unsigned) this.facts.add(form.times(-1));
      }
      if (value.kind === 'pointer') {
        const moved = steps.some((step) => step.assigned)
          ? this.pointer(this.block(name, undefined), value.to)
          : { ...value, offset: form };
        put(this.#variables, name, { type, value: moved });
      } else {
        put(this.#variables, name, {
          type,
          value: { kind: 'number', form, unsigned: value.unsigned },
        });
      }
    }
    for (const name of written) {
      const value = this.#variables.get(name)?.value;
      if (value?.kind === 'pointer') this.setLength(value.block);
    }
  }

  #switch(node: SyntaxNode, outer: Place): Completion {
    const body = node.get('body')?.named ?? [];
    const first = this.#back.pop()?.at ?? this.#case(node, body);
    for (let at = first; at < body.length; at++) {
      const child = body[at]!;
      const statements =
        child.type === 'case_statement'
          ? child.named.filter((part) => part.field !== 'value')
          : [child];
      const completion = this.#sequence(statements, { outer, at });
      if (completion === 'break') return 'next';
      if (completion !== 'next') return completion;
    }
    return 'next';
  }

  /** The place in the body of a `switch` where it goes on; behind its end where no case is taken. */
  #case(node: SyntaxNode, body: readonly SyntaxNode[]): number {
    const condition = node.get('condition');
    const value = condition && this.evaluate(condition);
    const cases: number[] = [];
    for (const [index, child] of body.entries())
      if (child.type === 'case_statement') cases.push(index);
    const hasDefault = cases.some((index) => body[index]!.get('value') === undefined);
    const choice = this.#path.choose(cases.length + (hasDefault ? 0 : 1), node);
    const first = cases[choice];
    if (first === undefined) return body.length;
    const label = body[first]!.get('value');
    if (label && value?.kind === 'number') {
      const difference = value.form.minus(this.number(this.evaluate(label)).form);
      this.facts.add(difference);
      this.facts.add(difference.times(-1));
    }
    return first;
  }

  // --- conditions ---------------------------------------------------------------------------

  /** Evaluates a condition, takes one of its ways, and adds what that way says to the facts. */
  branch(node: SyntaxNode): boolean {
    this.#path.step();
    const operator = node.get('operator')?.type;
    const left = node.get('left');
    const right = node.get('right');
    if (node.type === 'parenthesized_expression' && node.named.length === 1)
      return this.branch(node.named[0]!);
    if (node.type === 'unary_expression' && operator === '!')
      return !this.branch(node.get('argument') ?? node);
    if (node.type === 'binary_expression' && left && right) {
      if (operator === '&&') return this.branch(left) && this.branch(right);
      if (operator === '||') return this.branch(left) || this.branch(right);
      if (operator && COMPARISONS.has(operator))
        return this.#compare(operator, this.evaluate(left), this.evaluate(right), node);
    }
    const value = this.evaluate(node);
    return this.#compare('!=', value, this.constant(0), node);
  }

  #compare(operator: string, a: Value, b: Value, at: SyntaxNode): boolean {
    let left: Linear;
    let right: Linear;
    if (a.kind === 'pointer' && b.kind === 'pointer') {
      if (a.block !== b.block) return this.#choose(at);
      left = a.offset;
      right = b.offset;
    } else if (a.kind === 'pointer' || b.kind === 'pointer') {
      // A test for NULL: literals and arrays are never NULL.
      const { block } = a.kind === 'pointer' ? a : (b as PointerValue);
      if (block.literal !== undefined || block.declared) return operator === '!=';
      return this.#choose(at);
    } else {
      const unsigned = a.unsigned || b.unsigned;
      left = (unsigned ? this.#unsigned(a) : a).form;
      right = (unsigned ? this.#unsigned(b) : b).form;
    }
    const less = left.minus(right);
    const more = right.minus(left);
    switch (operator) {
      case '<':
        return this.#decide(less.plus(1), more, at);
      case '<=':
        return this.#decide(less, more.plus(1), at);
      case '>':
        return this.#decide(more.plus(1), less, at);
      case '>=':
        return this.#decide(more, less.plus(1), at);
      default: {
        const from = a.kind === 'number' && b.kind === 'number' ? (a.from ?? b.from) : undefined;
        const same = this.#same(less, more, from, b, at);
        return operator === '==' ? same : !same;
      }
    }
  }

  /** The way of a condition of which both are possible; at the end of a loop, out of it first. */
  #choose(at: SyntaxNode): boolean {
    if (this.#leaving === undefined) return this.#path.choose(2, at) === 0;
    const ways = LEAVING.get(at) ?? {};
    LEAVING.set(at, ways);
    return this.#path.choose(2, ways) === 1;
  }

  /** Takes `yes <= 0` or `no <= 0`, its opposite, whichever is not ruled out. */
  #decide(yes: Linear, no: Linear, at: SyntaxNode): boolean {
    const truth = this.facts.prove(yes) ? true : this.facts.prove(no) ? false : this.#choose(at);
    this.facts.add(truth ? yes : no);
    return truth;
  }

  #same(less: Linear, more: Linear, from: NumberValue['from'], b: Value, at: SyntaxNode): boolean {
    const different = this.facts.prove(less.plus(1)) || this.facts.prove(more.plus(1));
    const equal = !different && this.facts.prove(less) && this.facts.prove(more);
    const same = equal || (!different && this.#choose(at));
    if (same) {
      this.facts.add(less);
      this.facts.add(more);
    } else {
      // What is counted upwards and not yet equal is still below; so is an unsigned number above 0.
      const counts = less.terms.find(([unknown]) => unknown.counter);
      if (counts) this.facts.add((counts[1] > 0 ? less : more).plus(1));
      else if (this.facts.prove(more)) this.facts.add(more.plus(1));
      else if (this.facts.prove(less)) this.facts.add(less.plus(1));
    }
    if (from && b.kind === 'number' && b.form.value === 0) {
      // The first NUL is where the string ends; a scan that meets another byte is still inside.
      if (same) this.facts.add(from.block.length.minus(from.at));
      else this.facts.add(from.at.plus(1).minus(from.block.length));
    }
    return same;
  }

  // --- expressions --------------------------------------------------------------------------

  evaluate(node: SyntaxNode): Value {
    this.#path.step();
    switch (node.type) {
      case 'number_literal':
        return this.#literalNumber(node.text);
      case 'char_literal':
        return this.constant(charCode(node));
      case 'true':
        return this.constant(1);
      case 'false':
      case 'null':
        return this.constant(0);
      case 'string_literal':
      case 'concatenated_string':
        return this.literal(stringText(node) ?? '');
      case 'parenthesized_expression':
      case 'init_declarator':
      case 'preproc_arg':
        return node.named.length > 0
          ? this.evaluate(node.named.at(-1)!)
          : this.fresh(node.text, { opaque: true });
      case 'comma_expression': {
        const parts = node.named.map((child) => this.evaluate(child));
        return parts.at(-1) ?? this.constant(0);
      }
      case 'identifier':
        return this.#identifier(node);
      case 'field_expression':
        return this.#field(node);
      case 'subscript_expression':
        return this.#read(this.#element(node, 'read'), node);
      case 'pointer_expression':
        return this.#pointerExpression(node);
      case 'assignment_expression':
        return this.#assignment(node);
      case 'update_expression':
        return this.#update(node);
      case 'unary_expression':
        return this.#unary(node);
      case 'binary_expression':
        return this.#binary(node);
      case 'conditional_expression': {
        const condition = node.get('condition');
        const taken =
          condition && this.branch(condition) ? node.get('consequence') : node.get('alternative');
        return taken ? this.evaluate(taken) : this.constant(0);
      }
      case 'cast_expression': {
        const value = node.get('value');
        const type = this.#types.descriptor(node.get('type'));
        return value ? this.#convert(this.evaluate(value), type, value.text) : this.constant(0);
      }
      case 'sizeof_expression':
        return this.#sizeof(node);
      case 'call_expression':
        return this.#call(node);
      case 'initializer_list':
      case 'compound_literal_expression':
        for (const child of node.named)
          if (!child.type.endsWith('descriptor')) this.evaluate(child);
        return this.fresh(node.text, { opaque: true });
      case 'initializer_pair': {
        const value = node.get('value');
        return value ? this.evaluate(value) : this.constant(0);
      }
      default:
        return this.fresh(node.text, { opaque: true });
    }
  }

  #literalNumber(text: string): NumberValue {
    const digits = text.replace(/[uUlL]+$/, '').replaceAll("'", '');
    const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
    if (!Number.isFinite(value)) return this.fresh(text, { opaque: true });
    return this.constant(Math.trunc(value), /[uU]/.test(text.slice(digits.length)));
  }

  #identifier(node: SyntaxNode): Value {
    const name = node.text;
    const known = this.#variables.get(name);
    if (known) return known.value;
    if (NULL_NAMES.has(name)) return this.constant(0);
    const macro = this.#macros.get(name);
    if (macro && !this.#expanding.has(name)) {
      this.#expanding.add(name);
      const value = this.evaluate(macro);
      this.#expanding.delete(name);
      return value;
    }
    const limit = LIMITS.get(name);
    const value = limit !== undefined ? this.constant(limit) : this.fresh(name, { opaque: true });
    put(this.#variables, name, { type: UNKNOWN, value });
    return value;
  }

  #field(node: SyntaxNode): Value {
    const name = keyOf(node);
    const known = this.#variables.get(name);
    if (known) return known.value;
    const base = node.get('argument');
    // Evaluated for its index checks.
    if (base && base.type !== 'identifier') this.evaluate(base);
    const type = this.#typeOf(node);
    let value: Value;
    if (type.kind !== 'unknown') value = this.#initial(name, type, false);
    // A field whose type is not known is what it is used as.
    else if (NUMERIC_PARENTS.has(node.parent?.type ?? '')) value = this.fresh(name);
    else value = this.pointer(this.block(name, this.#opaqueSize(name)));
    put(this.#variables, name, { type, value });
    return value;
  }

  #opaqueSize(name: string): Linear {
    return this.#remember(`sizeof ${name}`, () =>
      this.fresh(`sizeof(${name})`, { opaque: true, atLeast: 1 }),
    ).form;
  }

  /** Where `a[i]` lies, with the check of its index. */
  #element(node: SyntaxNode, kind: 'read' | 'write', minor = false): PointerValue {
    const base = node.get('argument');
    const index = node.get('index');
    const pointer = this.asPointer(base ? this.evaluate(base) : this.constant(0), base?.text);
    const at = this.number(index ? this.evaluate(index) : this.constant(0));
    const offset = pointer.offset.plus(at.form.times(strideOf(pointer.to)));
    const target = { ...pointer, offset };
    this.#touch(target, kind, node, index?.text ?? '0', minor || at.form.value !== undefined);
    return target;
  }

  /** Judges the use of one element. */
  #touch(
    target: PointerValue,
    kind: 'read' | 'write',
    node: SyntaxNode,
    index: string,
    minor: boolean,
  ): void {
    const { block, offset, to } = target;
    const need = new Linear(strideOf(to));
    if (block.capacity === undefined && offset.value !== undefined) return;
    if (block.literal !== undefined) return;
    const what = `${kind === 'write' ? 'writing' : 'reading'} ${node.text}`;
    const options = {
      what,
      unbounded: `${block.name} is ${kind === 'write' ? 'written' : 'read'} at ${index} without a bounds check`,
      loose: `the check of ${index} lets it leave ${block.name}`,
      minor,
    };
    if (kind === 'write') {
      this.access('write', target, need, node.line, options);
      return;
    }
    // Of a text without a size only the length is known: it may be read up to its NUL.
    const text = to.kind === 'number' && to.bytes === 1 && !to.unsigned;
    const capacity = block.capacity ?? (text ? block.length.plus(1) : undefined);
    if (capacity === undefined) return;
    const fits =
      this.facts.prove(offset.times(-1)) && this.facts.prove(offset.plus(need).minus(capacity));
    if (fits) {
      const status = minor || offset.value !== undefined ? 'minor' : 'safe';
      this.report('read', status, node.line, `${what} stays within ${block.name}`);
    } else if (this.#chosenOutside(offset)) {
      this.report('read', 'unsafe', node.line, options.unbounded);
    }
  }

  /** Whether an index is what a caller says, rather than how far a scan has come. */
  #chosenOutside(offset: Linear): boolean {
    return offset.terms.some(([unknown]) => {
      if (unknown.opaque) return false;
      if (!unknown.counter) return true;
      return [...this.facts.limitsOf(unknown)].some(
        (other) => other !== 'number' && !other.opaque && !other.name.startsWith('strlen('),
      );
    });
  }

  /** The value that lies at a place. */
  #read(target: PointerValue, node: SyntaxNode): Value {
    const { block, offset, to } = target;
    if (to.kind === 'array') {
      // A row of a table is a buffer of its own.
      return this.pointer(this.block(node.text, sizeOf(to), { declared: true }), to.of);
    }
    if (block.elements && block.elements.length > 0) {
      const literals = block.elements.filter(
        (value): value is PointerValue =>
          value.kind === 'pointer' && value.block.literal !== undefined,
      );
      if (literals.length === block.elements.length)
        return literals.reduce((a, b) =>
          a.block.literal!.length < b.block.literal!.length ? b : a,
        );
    }
    if (to.kind === 'pointer') return this.pointer(this.block(node.text, undefined), to.to);
    const value = this.ofType(node.text, to, to.kind === 'unknown');
    return strideOf(to) === 1 ? { ...value, from: { block, at: offset } } : value;
  }

  #pointerExpression(node: SyntaxNode): Value {
    const argument = node.get('argument');
    if (!argument) return this.constant(0);
    if (node.get('operator')?.type === '&') {
      if (argument.type === 'subscript_expression') {
        // The address one past the end may be formed; only its use is judged.
        const base = argument.get('argument');
        const index = argument.get('index');
        const pointer = this.asPointer(base ? this.evaluate(base) : this.constant(0), base?.text);
        const at = this.number(index ? this.evaluate(index) : this.constant(0)).form;
        return { ...pointer, offset: pointer.offset.plus(at.times(strideOf(pointer.to))) };
      }
      const type = this.#typeOf(argument);
      const value = this.evaluate(argument);
      if (type.kind === 'array' && value.kind === 'pointer') return value;
      return this.pointer(this.block(argument.text, sizeOf(type), { declared: true }), type);
    }
    const pointer = this.asPointer(this.evaluate(argument), argument.text);
    this.#touch(pointer, 'read', node, argument.text, false);
    return this.#read(pointer, node);
  }

  #assignment(node: SyntaxNode): Value {
    const left = node.get('left');
    const right = node.get('right');
    const operator = node.get('operator')?.type ?? '=';
    if (!left || !right) return this.constant(0);
    let value = this.evaluate(right);
    if (operator !== '=') {
      const name = keyOf(left);
      const before = this.#variables.get(name)?.value ?? this.fresh(name, { opaque: true });
      value = this.#arithmetic(operator.slice(0, -1), before, value, node);
    }
    this.#store(left, value);
    return value;
  }

  #store(left: SyntaxNode, value: Value): void {
    switch (left.type) {
      case 'parenthesized_expression':
        if (left.named[0]) this.#store(left.named[0], value);
        return;
      case 'identifier':
      case 'field_expression': {
        const name = keyOf(left);
        const type = this.#variables.get(name)?.type ?? this.#typeOf(left);
        put(this.#variables, name, { type, value: this.#convert(value, type, name) });
        this.#forgetFields(name);
        return;
      }
      case 'subscript_expression':
      case 'pointer_expression': {
        const zero = value.kind === 'number' && value.form.value === 0;
        let target: PointerValue;
        if (left.type === 'subscript_expression') target = this.#element(left, 'write', zero);
        else {
          const argument = left.get('argument');
          target = this.asPointer(argument ? this.evaluate(argument) : value, argument?.text);
          const minor = zero || target.offset.value !== undefined;
          this.#touch(target, 'write', left, argument?.text ?? '', minor);
        }
        if (target.block.literal !== undefined) return;
        const { block, offset } = target;
        if (!zero) change(block, 'trusted', false);
        this.setLength(block, zero ? offset : undefined);
        if (zero && offset.value === 0) change(block, 'length', ZERO);
      }
    }
  }

  /** What was known of the fields of a variable belonged to its old value. */
  #forgetFields(name: string): void {
    const { length } = name;
    for (const other of this.#variables.keys()) {
      if (other.length <= length || !other.startsWith(name)) continue;
      if (other[length] === '.' || other.startsWith('->', length)) drop(this.#variables, other);
    }
  }

  #update(node: SyntaxNode): Value {
    const argument = node.get('argument');
    if (!argument) return this.constant(0);
    const before = this.evaluate(argument);
    const by = node.get('operator')?.type === '--' ? -1 : 1;
    const after = this.#arithmetic('+', before, this.constant(by), node);
    this.#store(argument, after);
    return node.children[0]?.field === 'operator' ? after : before;
  }

  #unary(node: SyntaxNode): Value {
    const argument = node.get('argument');
    if (!argument) return this.constant(0);
    const value = this.evaluate(argument);
    switch (node.get('operator')?.type) {
      case '-':
        return this.constant(this.number(value).form.times(-1));
      case '+':
        return value;
      case '!':
        return this.fresh(node.text, { atLeast: 0, atMost: 1 });
      default:
        return this.fresh(node.text, { opaque: true });
    }
  }

  #binary(node: SyntaxNode): Value {
    const left = node.get('left');
    const right = node.get('right');
    const operator = node.get('operator')?.type ?? '';
    if (!left || !right) return this.constant(0);
    if (operator === '&&' || operator === '||' || COMPARISONS.has(operator))
      return this.constant(this.branch(node) ? 1 : 0);
    return this.#arithmetic(operator, this.evaluate(left), this.evaluate(right), node);
  }

  #arithmetic(operator: string, a: Value, b: Value, node: SyntaxNode): Value {
    if (a.kind === 'pointer' && b.kind === 'pointer') {
      if (operator === '-' && a.block === b.block) return this.constant(a.offset.minus(b.offset));
      return this.fresh(node.text, { opaque: true });
    }
    if (a.kind === 'pointer' && b.kind === 'number') {
      const by = b.form.times(strideOf(a.to));
      if (operator === '+') return { ...a, offset: a.offset.plus(by) };
      if (operator === '-') return { ...a, offset: a.offset.minus(by) };
    }
    if (b.kind === 'pointer' && a.kind === 'number' && operator === '+')
      return { ...b, offset: b.offset.plus(a.form.times(strideOf(b.to))) };
    if (a.kind === 'pointer' || b.kind === 'pointer')
      return this.fresh(node.text, { opaque: true });
    const unsigned = a.unsigned || b.unsigned;
    const x = a.form;
    const y = b.form;
    const known = y.value;
    const nonNegative = a.unsigned || this.facts.prove(x.times(-1));
    const opaque = [x, y].some(({ terms }) => terms.some(([unknown]) => unknown.opaque));
    const name = `${key(x)} ${operator} ${key(y)}`;
    switch (operator) {
      case '+':
        return { kind: 'number', form: x.plus(y), unsigned };
      case '-':
        return { kind: 'number', form: x.minus(y), unsigned };
      case '*':
        if (known !== undefined) return { kind: 'number', form: x.times(known), unsigned };
        if (x.value !== undefined) return { kind: 'number', form: y.times(x.value), unsigned };
        return this.#remember(name, () => this.fresh(node.text, { opaque, unsigned }));
      case '/': {
        if (known === undefined || known <= 0) break;
        if (x.value !== undefined) return this.constant(Math.trunc(x.value / known), unsigned);
        // q = x / c, with c q <= x <= c q + c - 1 where x is not negative.
        const quotient = this.#remember(name, () => this.fresh(node.text, { opaque, unsigned }));
        if (nonNegative) {
          this.facts.add(quotient.form.times(-1));
          this.facts.add(quotient.form.times(known).minus(x));
          this.facts.add(x.minus(quotient.form.times(known)).minus(known - 1));
        }
        return quotient;
      }
      case '%':
        return this.fresh(node.text, {
          unsigned,
          atMost: y.minus(1),
          atLeast: unsigned || nonNegative ? 0 : y.times(-1).plus(1),
        });
      case '&': {
        const mask = known ?? x.value;
        if (mask === undefined || mask < 0) break;
        return this.fresh(node.text, { unsigned, atLeast: 0, atMost: mask });
      }
      case '<<':
        if (known !== undefined && known >= 0 && known < 32)
          return { kind: 'number', form: x.times(2 ** known), unsigned };
        break;
      case '>>':
        if (nonNegative) return this.fresh(node.text, { unsigned, atLeast: 0, atMost: x });
        break;
    }
    return this.fresh(node.text, { opaque: true, unsigned });
  }

  #sizeof(node: SyntaxNode): NumberValue {
    const type = node.get('type');
    const value = node.get('value');
    const parenthesized = value?.type === 'parenthesized_expression' ? value.named[0] : value;
    // `sizeof(name)` of a variable parses as an expression, of a typedef as well.
    const variable = parenthesized && this.#typeOf(parenthesized);
    let measured = type ? this.#types.descriptor(type) : variable;
    if (parenthesized?.type === 'identifier' && !this.#variables.has(parenthesized.text))
      measured = this.#types.named(parenthesized.text);
    if (!type && measured?.kind === 'pointer' && parenthesized) {
      // The size of the pointer, which has nothing to do with the buffer: no bound at all.
      return this.#remember(`sizeof pointer ${parenthesized.text}`, () =>
        this.fresh(`sizeof(${parenthesized.text}), the size of a pointer`, { unsigned: true }),
      );
    }
    const size = measured && sizeOf(measured);
    if (size) return this.constant(size, true);
    const name = parenthesized ? keyOf(parenthesized) : (type?.text ?? node.text);
    return { kind: 'number', form: this.#opaqueSize(name), unsigned: true };
  }

  #typeOf(node: SyntaxNode): CType {
    switch (node.type) {
      case 'identifier':
        return this.#variables.get(node.text)?.type ?? UNKNOWN;
      case 'string_literal':
      case 'concatenated_string':
        return { kind: 'array', of: CHAR, length: new Linear((stringText(node) ?? '').length + 1) };
      case 'char_literal':
      case 'number_literal':
        return INT;
      case 'parenthesized_expression':
        return node.named[0] ? this.#typeOf(node.named[0]) : UNKNOWN;
      case 'cast_expression':
        return this.#types.descriptor(node.get('type'));
      case 'field_expression': {
        const known = this.#variables.get(keyOf(node));
        if (known) return known.type;
        const base = node.get('argument');
        const owner = base ? this.#typeOf(base) : UNKNOWN;
        const struct = owner.kind === 'pointer' ? owner.to : owner;
        const field = node.get('field')?.text ?? '';
        return (struct.kind === 'struct' && struct.fields?.get(field)) || UNKNOWN;
      }
      case 'subscript_expression':
      case 'pointer_expression': {
        const argument = node.get('argument');
        const type = argument ? this.#typeOf(argument) : UNKNOWN;
        if (node.get('operator')?.type === '&') return { kind: 'pointer', to: type };
        if (type.kind === 'pointer') return type.to;
        return type.kind === 'array' ? type.of : UNKNOWN;
      }
      case 'sizeof_expression':
        return SIZE;
      default:
        return UNKNOWN;
    }
  }

  #call(node: SyntaxNode): Value {
    const callee = node.get('function');
    const nodes = node.get('arguments')?.named ?? [];
    const args = nodes.map((argument) => this.evaluate(argument));
    const name = callee?.type === 'identifier' ? callee.text : '';
    const model = LIBRARY.get(name);
    if (model) {
      const result = model(this, { name, line: node.line, args });
      for (const argument of nodes) this.#forget(argument, false);
      return result;
    }
    // Anything may have been written through the pointers that an unknown function was given.
    for (const [index, value] of args.entries()) {
      if (value.kind === 'pointer') {
        this.setLength(value.block);
        if (value.block.literal === undefined) change(value.block, 'trusted', false);
      }
      this.#forget(nodes[index]!, true);
    }
    return this.fresh(`${name || 'call'}()`, { opaque: true });
  }

  /** The variable whose address an argument is may have been written. */
  #forget(argument: SyntaxNode, opaque: boolean): void {
    if (argument.type !== 'pointer_expression' || argument.get('operator')?.type !== '&') return;
    const target = argument.get('argument');
    const variable = target && this.#variables.get(keyOf(target));
    if (target && variable && (variable.type.kind === 'number' || variable.type.kind === 'pointer'))
      change(variable, 'value', this.#initial(target.text, variable.type, opaque));
  }
}

const pairs = new WeakMap<SyntaxNode, ReadonlyMap<string, string>>();

/** Which parameter is the size of which, by their names: the same on each path. */
function pairsOf(
  declarator: SyntaxNode | undefined,
  parameters: readonly Parameter[],
): ReadonlyMap<string, string> {
  let found = declarator && pairs.get(declarator);
  if (!found) {
    found = pairSizes(parameters);
    if (declarator) pairs.set(declarator, found);
  }
  return found;
}

const declarators = new WeakMap<SyntaxNode, SyntaxNode | undefined>();

/** The declarator with the parameters of a function, or of the first one in a file; looked for once, not on each path. */
function declaratorOf(node: SyntaxNode): SyntaxNode | undefined {
  if (!declarators.has(node)) {
    const within = node.type === 'function_definition' ? node.get('declarator') : node;
    const found = within?.walk().find(({ type }) => type === 'function_declarator');
    declarators.set(node, found);
  }
  return declarators.get(node);
}

const NUMERIC_PARENTS = new Set(['binary_expression', 'update_expression', 'subscript_expression']);
const LIMITS = new Map([
  ['BUFSIZ', 8192],
  ['PATH_MAX', 4096],
  ['NAME_MAX', 255],
  ['LINE_MAX', 2048],
  ['INT_MAX', 2147483647],
  ['UINT_MAX', 4294967295],
  ['SHRT_MAX', 32767],
  ['CHAR_MAX', 127],
  ['UCHAR_MAX', 255],
  ['EOF', -1],
  ['true', 1],
]);

const names = new WeakMap<Unknown, number>();
let named = 0;

/** A name for a linear form: equal forms have equal names. */
function key(form: Linear): string {
  const parts = form.terms.map(([unknown, coefficient]) => {
    let id = names.get(unknown);
    if (id === undefined) {
      id = named++;
      names.set(unknown, id);
    }
    return `${coefficient}u${id}`;
  });
  return [...parts.sort(), form.constant].join('+');
}

/** The characters of a string literal, escapes counting as one; undefined if it is not one. */
function stringText(node: SyntaxNode): string | undefined {
  if (node.type === 'concatenated_string')
    // A macro among the parts, such as PRIu64, is a short format of its own.
    return node.named.map((part) => stringText(part) ?? 'lu').join('');
  if (node.type === 'parenthesized_expression' && node.named.length === 1)
    return stringText(node.named[0]!);
  if (node.type !== 'string_literal') return undefined;
  return node.named
    .map((part) => (part.type === 'escape_sequence' ? escaped(part.text) : part.text))
    .join('');
}

function escaped(text: string): string {
  return /^\\0+$/.test(text) ? '\0' : '\u0001';
}

function charCode(node: SyntaxNode): number {
  const part = node.named[0];
  if (part?.type === 'escape_sequence') return /^\\0+$/.test(part.text) ? 0 : 1;
  return part?.text.codePointAt(0) ?? 0;
}
