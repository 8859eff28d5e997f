/**
 * Follows untrusted data through the functions of a program, whatever its language: each path runs
 * on its own, loops run twice, functions of the same file are entered. Rules listen to what happens.
 */
import type { SyntaxNode } from '../parse.js';
import { ABANDON, explore, FileBudget, type Path } from '../paths.js';
import { append, change, drop, put } from '../trail.js';
import { type Models, modelOf } from './models.js';
import type { Argument, Expression, FunctionNode, Program, Statement } from './program.js';
import {
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

export interface Call {
  /** `os.system`; `.execute` where the receiver is nothing known; `` where nothing is. */
  name: string;
  receiver: Value | undefined;
  /** As it stands in the source: `self.cursor`, `res`. */
  receiverText: string;
  args: Value[];
  keywords: ReadonlyMap<string, Value>;
  at: SyntaxNode;
}

/** A condition that a path has passed. */
export type Test =
  | { kind: 'call'; call: Call }
  | { kind: 'compare'; op: string; left: Value; right: Value }
  | { kind: 'value'; value: Value };

/** What a rule says about one place on one path. */
export interface Judgement {
  status: 'unsafe' | 'safe' | 'unknown';
  /** Names what is done and why it is wrong or right. */
  message: string;
  at: SyntaxNode;
  trace?: Step[];
}

/** What a rule listens to while one path runs; the state of a path is its own. */
export interface Listener {
  call?(call: Call): Judgement | undefined;
  /** Whether `call` has anything to say of calls of this name, where that hangs on the name; asked once. */
  hears?(name: string): boolean;
  /** After a call, with what it gave: to keep marks on values. */
  called?(call: Call, result: Value): void;
  /** `object.name = value`, also with `+=`; the object has no name where it is a variable. */
  assign?(
    target: { object: Value | undefined; name: string; text: string; at: SyntaxNode },
    value: Value,
  ): Judgement | undefined;
  /** Elements or fields are read or written through a pointer, an array or an object. */
  access?(
    value: Value,
    how: 'dereference' | 'index' | 'member',
    at: SyntaxNode,
  ): Judgement | undefined;
  /** The function that runs, called from outside, gives this back. */
  result?(value: Value, function_: FunctionNode, at: SyntaxNode): Judgement | undefined;
  /** A condition is known to hold, or not to hold, from here on. */
  test?(test: Test, holds: boolean): void;
  /** The function ends here on this path. */
  end?(at: SyntaxNode): Judgement | undefined;
}

/** Where untrusted data enter: `entry` are parameters of request handlers and of `main` only. */
export type Sources = 'parameters' | 'entry' | 'none';

export interface FlowResult {
  /** All judgements of each listener on all paths, in the order of `listeners`. */
  judgements: Judgement[][];
  complete: boolean;
}

type Completion = 'next' | 'break' | 'continue' | 'return' | { goto: string };

/** Where a run is: a statement of a block, a way of an `if`, a round of a loop, within what is around it. */
interface Place {
  outer: Place | undefined;
  at: number;
  /** What a loop goes over. */
  over?: Value;
  /** How the body of a `try` ended that now does what it does at last. */
  completion?: Completion;
}
const START: Place = { outer: undefined, at: 0 };
/** The part of a `try` that runs where its body did not fail; 0 is the body, and 1 the first handler. */
const OTHERWISE = -1;

/** Functions of the same file are entered so deep. */
const MAX_CALLS = 4;
const MAX_JUMPS = 8;
/** For one function. */
const BUDGET = { steps: 6000, paths: 24 };

/**
 * @param listeners makes what listens on one path
 * @returns what they said; not complete where calls lie on paths that were not all taken
 */
export function runFlow(
  program: Program,
  models: Models,
  sources: Sources,
  listeners: () => Listener[],
): FlowResult {
  const all = listeners();
  const judgements: Judgement[][] = all.map(() => []);
  const heard = hearing(all);
  const reached = new Set<SyntaxNode>();
  const file = new FileBudget(BUDGET);
  let complete = true;
  for (const entry of [undefined, ...program.functions]) {
    let run: Run | undefined;
    const finished = file.spend((budget) =>
      explore<Place>((path, from) => {
        if (run && from) {
          run.goOn(entry, from);
          return;
        }
        run = new Run(path, program, models, sources, listeners(), heard, judgements, reached);
        run.module(entry === undefined);
        if (entry) run.entry(entry);
      }, budget),
    );
    complete &&= finished;
  }
  return { judgements, complete: complete || reached.size >= program.calls };
}

const DOUBTS =
  /escape|sanit|clean|quote|valid|verif|check|allow|safe|permit|encode|strip_tags|purify|filter|whitelist|trusted|authori[sz]e/i;
const DIGESTS = /(?:^|[._])(?:is_?)?(?:digit|alnum|alpha|numeric|identifier|decimal)s?$/i;

/** Who listens to what, by place in the list of listeners: the same on all paths. */
type Hearing = Record<Exclude<keyof Listener, 'call' | 'hears'>, number[]> & {
  /** By the name of what is called. */
  call(name: string): number[];
};

function hearing(listeners: readonly Listener[]): Hearing {
  const places = (kind: keyof Listener) =>
    [...listeners.keys()].filter((index) => listeners[index]![kind]);
  const calls = new Map<string, number[]>();
  return {
    call(name) {
      let places = calls.get(name);
      if (!places) {
        places = [...listeners.keys()].filter((index) => {
          const { call, hears } = listeners[index]!;
          return call && (hears?.(name) ?? true);
        });
        calls.set(name, places);
      }
      return places;
    },
    called: places('called'),
    assign: places('assign'),
    access: places('access'),
    result: places('result'),
    test: places('test'),
    end: places('end'),
  };
}

class Run {
  readonly #path: Path<Place>;
  readonly #models: Models;
  readonly #sources: Sources;
  readonly #listeners: Listener[];
  readonly #judgements: Judgement[][];
  readonly #heard: Hearing;
  readonly #reached: Set<SyntaxNode>;
  readonly #program: Program;
  #variables = new Map<string, Value>();
  readonly #jumps = { count: 0 };
  #depth = 0;
  /** The file itself is what runs, so what its statements say counts. */
  #quiet = false;
  #returned: Value = {};
  #entry: FunctionNode | undefined;
  /** Where to go on from, from the inside out; empty where it has got there. */
  readonly #back: Place[] = [];

  constructor(
    path: Path<Place>,
    program: Program,
    models: Models,
    sources: Sources,
    listeners: Listener[],
    heard: Hearing,
    judgements: Judgement[][],
    reached: Set<SyntaxNode>,
  ) {
    this.#path = path;
    this.#program = program;
    this.#models = models;
    this.#sources = sources;
    this.#listeners = listeners;
    this.#heard = heard;
    this.#judgements = judgements;
    this.#reached = reached;
  }

  /** Runs the statements of the file; what they do is told only where they are what is judged. */
  module(judged: boolean): void {
    this.#quiet = !judged;
    // A function may be used above the line that defines it.
    for (const statement of this.#program.body)
      if (statement.kind === 'define') this.#define(statement.function);
    try {
      this.#block(this.#program.body, judged ? START : undefined);
    } catch (thrown) {
      if (thrown !== ABANDON || judged) throw thrown;
    }
    this.#quiet = false;
  }

  entry(node: FunctionNode): void {
    this.#entry = node;
    const untrusted =
      this.#sources === 'parameters' ||
      (this.#sources === 'entry' && (node.name === 'main' || node.decorators.length > 0));
    this.#enter(node, (name, type) => {
      const value: Value = type === undefined ? {} : { type };
      const own = name === 'self' || name === 'cls' || name === 'this';
      if (untrusted && !HARMLESS_TYPES.test(type ?? '')) {
        value.taint = new Taint(() => step(node.at, `parameter ${name} of ${node.name}`), [], own);
      }
      return value;
    });
    if (node.owner !== undefined && !this.#variables.has('this'))
      put(this.#variables, 'this', { taint: this.#doubt(node.at, 'this') });
    this.#body(node);
  }

  #body(node: FunctionNode): void {
    const completion = this.#block(node.body, START);
    if (completion !== 'return') this.#end(node.at);
  }

  /** Goes on from a place that it was at, with the state of then. */
  goOn(entry: FunctionNode | undefined, from: Place): void {
    for (let place: Place = from; place.outer; place = place.outer) this.#back.push(place);
    this.#depth = 0;
    if (entry) this.#body(entry);
    else this.#block(this.#program.body, START);
  }

  #doubt(at: SyntaxNode, text: string): Taint {
    return new Taint(() => step(at, text), [], true);
  }

  #enter(
    node: FunctionNode,
    initial: (name: string, type: string | undefined, index: number) => Value,
  ): void {
    for (const [index, parameter] of node.parameters.entries()) {
      const value = initial(parameter.name, parameter.type, index);
      put(this.#variables, parameter.name, value);
      if (parameter.pattern) this.#assign(parameter.pattern, value);
    }
  }

  // --- telling ------------------------------------------------------------------------------

  /** @param places of those who listen to what happened */
  #tell(places: readonly number[], ask: (listener: Listener) => Judgement | undefined): void {
    if (this.#quiet) return;
    for (const index of places) {
      const judgement = ask(this.#listeners[index]!);
      if (judgement) this.#judgements[index]!.push(judgement);
    }
  }

  #end(at: SyntaxNode): void {
    if (this.#depth === 0) this.#tell(this.#heard.end, (listener) => listener.end?.(at));
  }

  // --- statements ---------------------------------------------------------------------------

  /** @param outer where it is, if a run can go on from within it */
  #block(statements: readonly Statement[], outer?: Place): Completion {
    for (let index = this.#back.pop()?.at ?? 0; index < statements.length; index++) {
      const place = outer && { outer, at: index };
      if (place && this.#back.length === 0) this.#path.mark(place);
      const completion = this.#execute(statements[index]!, place);
      if (completion === 'next') continue;
      if (typeof completion === 'string') return completion;
      const target = statements.findIndex(
        (statement) => statement.kind === 'label' && statement.name === completion.goto,
      );
      if (target < 0) return completion;
      // Backwards it is a loop, and loops run a few times only.
      if (target <= index) {
        if (this.#jumps.count >= MAX_JUMPS) throw ABANDON;
        change(this.#jumps, 'count', this.#jumps.count + 1);
      }
      index = target;
    }
    return 'next';
  }

  #define(node: FunctionNode): void {
    put(this.#variables, node.name, { function: node });
  }

  #execute(node: Statement, place?: Place): Completion {
    if (this.#back.length === 0) this.#path.step();
    switch (node.kind) {
      case 'expression':
        this.evaluate(node.value);
        return 'next';
      case 'declare': {
        // The very value, not a copy: two names of one pointer share what becomes of it.
        const value: Value = node.value ? this.evaluate(node.value) : {};
        if (node.type !== undefined && value.type === undefined) change(value, 'type', node.type);
        if (node.array) change(value, 'array', true);
        put(this.#variables, node.name, value);
        if (node.value) this.#told(node.at, node.name, undefined, node.name, value);
        return 'next';
      }
      case 'define':
        this.#define(node.function);
        return 'next';
      case 'class':
        for (const member of node.body) if (member.kind !== 'define') this.#execute(member);
        put(this.#variables, node.name, { name: node.name });
        return 'next';
      case 'import':
        for (const { name, path } of node.bindings)
          put(this.#variables, name, this.#global(path, node.at));
        return 'next';
      case 'return': {
        this.#returned = node.value ? this.evaluate(node.value) : {};
        if (this.#depth === 0 && this.#entry) {
          const [value, entry] = [this.#returned, this.#entry];
          if (node.value)
            this.#tell(this.#heard.result, (listener) => listener.result?.(value, entry, node.at));
          this.#end(node.at);
        }
        return 'return';
      }
      case 'throw':
        if (node.value) this.evaluate(node.value);
        this.#end(node.at);
        throw ABANDON;
      case 'break':
        return 'break';
      case 'continue':
        return 'continue';
      case 'goto':
        return { goto: node.label };
      case 'label':
        return 'next';
      case 'block':
        return this.#block(node.body, place);
      case 'if': {
        const way = this.#back.pop()?.at ?? (this.branch(node.test) ? 1 : 0);
        const inside = place && { outer: place, at: way };
        return this.#block(way === 1 ? node.consequence : node.otherwise, inside);
      }
      case 'while':
        return this.#while(node, place);
      case 'for':
        return this.#for(node, place);
      case 'try':
        return this.#try(node, place);
      case 'switch':
        return this.#switch(node, place);
    }
  }

  #while(node: Statement & { kind: 'while' }, outer: Place | undefined): Completion {
    const back = this.#back.pop();
    for (let round = back?.at ?? 0; round < 2; round++) {
      const entered = round === back?.at || (node.first && round === 0);
      if (node.test && !entered && !this.branch(node.test)) break;
      const completion = this.#block(node.body, outer && { outer, at: round });
      if (completion === 'break') break;
      if (completion === 'return' || typeof completion === 'object') return completion;
      if (node.update) this.evaluate(node.update);
    }
    return 'next';
  }

  #for(node: Statement & { kind: 'for' }, outer: Place | undefined): Completion {
    const back = this.#back.pop();
    const over = back?.over ?? this.evaluate(node.over);
    const filled = (over.items?.length ?? 0) > 0 && !over.repeated;
    if (!back && !filled && this.#path.choose(2, node) === 1) return 'next';
    for (let round = back?.at ?? 0; round < 2; round++) {
      if (round !== back?.at) this.#assign(node.target, elementOf(over, node.over.at));
      const completion = this.#block(node.body, outer && { outer, at: round, over });
      if (completion === 'break') break;
      if (completion === 'return' || typeof completion === 'object') return completion;
    }
    return 'next';
  }

  #try(node: Statement & { kind: 'try' }, outer: Place | undefined): Completion {
    const back = this.#back.pop();
    let completion = back?.completion;
    if (completion === undefined) {
      const part = back?.at ?? this.#path.choose(node.handlers.length + 1, node);
      if (part > 0) {
        // Nothing that the body established holds where it failed.
        const { name, body } = node.handlers[part - 1]!;
        if (!back && name !== undefined)
          put(this.#variables, name, {
            name: 'exception',
            taint: this.#doubt(node.at, `the exception ${name}`),
          });
        completion = this.#block(body, outer && { outer, at: part });
      } else {
        if (part === 0) completion = this.#block(node.body, outer && { outer, at: 0 });
        if (part === OTHERWISE || completion === 'next')
          completion = this.#block(node.otherwise, outer && { outer, at: OTHERWISE });
      }
    }
    const ending = this.#block(node.last, outer && { outer, at: 0, completion: completion! });
    return ending === 'next' ? completion! : ending;
  }

  #switch(node: Statement & { kind: 'switch' }, outer: Place | undefined): Completion {
    let choice = this.#back.pop()?.at;
    if (choice === undefined) {
      const subject = this.evaluate(node.subject);
      const others = node.cases.some(({ tests }) => tests.length === 0) ? 0 : 1;
      choice = this.#path.choose(node.cases.length + others, node);
      const tests = (node.cases[choice]?.tests ?? []).map((test) => this.evaluate(test));
      if (tests.length > 0 && tests.every(isConstant)) subject.taint?.makeFit('*');
    }
    for (let at = choice; at < node.cases.length; at++) {
      const completion = this.#block(node.cases[at]!.body, outer && { outer, at });
      if (completion === 'break') return 'next';
      if (completion !== 'next') return completion;
    }
    return 'next';
  }

  // --- assignment ---------------------------------------------------------------------------

  #assign(target: Expression, value: Value): void {
    switch (target.kind) {
      case 'name':
        put(this.#variables, target.name, value);
        this.#forgetFields(target.name);
        break;
      case 'assign':
        // A pattern with a default.
        this.#assign(target.target, value);
        return;
      case 'list': {
        const exact = value.items?.length === target.items.length && !value.repeated;
        for (const [index, item] of target.items.entries())
          this.#assign(item, exact ? value.items![index]! : elementOf(value, target.at));
        return;
      }
      case 'record':
        for (const { key, value: inner } of target.entries) {
          const name = key?.kind === 'constant' ? String(key.value) : undefined;
          this.#assign(inner, name === undefined ? value : this.#member(value, name, inner.at));
        }
        return;
      case 'member': {
        const object = this.evaluate(target.object);
        this.#tell(this.#heard.access, (listener) =>
          listener.access?.(object, 'member', target.at),
        );
        put(this.#variables, target.at.text, value);
        if (object.entries) put(object.entries, target.name, value);
        const name =
          object.name === undefined ? `.${target.name}` : `${object.name}.${target.name}`;
        this.#told(target.at, target.at.text, object, name, value);
        return;
      }
      case 'index': {
        const object = this.evaluate(target.object);
        const key = this.evaluate(target.key);
        this.#tell(this.#heard.access, (listener) => listener.access?.(object, 'index', target.at));
        if (object.entries && key.text !== undefined) put(object.entries, key.text, value);
        else this.#pour(object, [value], target.at);
        this.#told(target.at, target.at.text, object, `${object.name ?? ''}[]`, value);
        return;
      }
      case 'dereference': {
        const object = this.evaluate(target.value);
        this.#tell(this.#heard.access, (listener) =>
          listener.access?.(object, 'dereference', target.at),
        );
        this.#pour(object, [value], target.at);
        return;
      }
      default:
        this.evaluate(target);
        return;
    }
    this.#told(target.at, target.at.text, undefined, target.at.text, value);
  }

  /** What was known of the fields of a variable belonged to its old value. */
  #forgetFields(name: string): void {
    const { length } = name;
    for (const other of this.#variables.keys())
      if (other.length > length && other.startsWith(name) && /^(?:\.|->)/.test(other.slice(length)))
        drop(this.#variables, other);
  }

  #told(at: SyntaxNode, text: string, object: Value | undefined, name: string, value: Value): void {
    this.#tell(this.#heard.assign, (listener) =>
      listener.assign?.({ object, name, text, at }, value),
    );
  }

  /** Puts data into a container or a buffer that others may share. */
  #pour(into: Value, values: readonly (Value | undefined)[], at: SyntaxNode): void {
    if (into.items) {
      append(into.items, ...values.filter((value) => value !== undefined));
      return;
    }
    const { taint } = derived(at, [into, ...values]);
    if (taint) change(into, 'taint', taint);
    change(into, 'text', undefined);
  }

  // --- conditions ---------------------------------------------------------------------------

  /** Takes one of the ways of a condition, and keeps what that way says. */
  branch(node: Expression): boolean {
    this.#path.step();
    if (node.kind === 'not') return !this.branch(node.value);
    if (node.kind === 'logic') {
      const first = this.branch(node.left);
      return node.op === 'and'
        ? first && this.branch(node.right)
        : first || this.branch(node.right);
    }
    const { value, test } = this.#tested(node);
    if (value.truth !== undefined) {
      this.#pass(test, value.truth);
      return value.truth;
    }
    const truth = this.#path.choose(2, node) === 0;
    // The same value tested again gives the same.
    if (test.kind === 'value') change(test.value, 'truth', truth);
    else if (test.kind === 'compare') rememberComparison(test, truth);
    this.#pass(test, truth);
    return truth;
  }

  #tested(node: Expression): { value: Value; test: Test } {
    if (node.kind === 'compare') {
      const left = this.evaluate(node.left);
      const right = this.evaluate(node.right);
      const value: Value = {};
      const truth = compared(node.op, left, right);
      if (truth !== undefined) value.truth = truth;
      return { value, test: { kind: 'compare', op: node.op, left, right } };
    }
    if (node.kind === 'call') {
      const { result, call } = this.#call(node);
      return { value: result, test: { kind: 'call', call } };
    }
    const value = this.evaluate(node);
    return { value, test: { kind: 'value', value } };
  }

  #pass(test: Test, holds: boolean): void {
    this.#tell(this.#heard.test, (listener) => {
      listener.test!(test, holds);
      return undefined;
    });
    if (test.kind === 'compare') this.#compared(test, holds);
    else if (test.kind === 'call') this.#checked(test.call, holds);
  }

  #compared({ op, left, right }: Test & { kind: 'compare' }, holds: boolean): void {
    const equal = (op === '==' && holds) || (op === '!=' && !holds);
    if (equal) {
      const known = [left, right].find(isConstant);
      const other = known === left ? right : left;
      // One of the program's own values; that it is nothing at all says little of the rest.
      if (known && !known.isNull && other.taint) other.taint.makeFit('*');
    }
    const inside = (op === 'in' && holds) || (op === 'not in' && !holds);
    // A collection, not a text that it is a part of.
    if (inside && taintsOf(right).length === 0 && right.text === undefined)
      left.taint?.makeFit('*');
  }

  #checked(call: Call, holds: boolean): void {
    const subject = call.args[0];
    if (DIGESTS.test(call.name)) {
      if (holds) (call.receiver ?? subject)?.taint?.makeFit('*');
      return;
    }
    const matches = /(?:^|\.)(?:fullmatch|match|search|test)$/.test(call.name);
    if (matches && holds) {
      const own = call.receiver?.pattern;
      const [pattern, text] =
        own !== undefined
          ? [own, subject]
          : [call.args[0]?.text ?? call.args[0]?.pattern, call.args[1]];
      const whole = /\.fullmatch$/.test(call.name);
      const checked = text ?? (own === undefined ? call.receiver : undefined);
      if (!checked?.taint) return;
      if (pattern !== undefined && onlyAllows(pattern, whole, /\.(?:re|match)$/.test(call.name)))
        checked.taint.makeFit('*');
      else change(checked.taint, 'doubtful', true);
      return;
    }
    const last = call.name.split('.').at(-1)!;
    if (
      holds &&
      (last === 'has' || last === 'includes') &&
      call.receiver &&
      taintsOf(call.receiver).length === 0
    )
      subject?.taint?.makeFit('*');
    else if (DOUBTS.test(last) && subject?.taint) change(subject.taint, 'doubtful', true);
  }

  // --- expressions --------------------------------------------------------------------------

  evaluate(node: Expression): Value {
    this.#path.step();
    switch (node.kind) {
      case 'name':
        return this.#variables.get(node.name) ?? this.#global(node.name, node.at);
      case 'constant':
        return constant(node.value);
      case 'pattern':
        return { pattern: node.source, truth: true };
      case 'template': {
        const parts = node.parts.map((part) => this.evaluate(part));
        return derived(node.at, parts, { text: parts.map(textOf).join('') });
      }
      case 'binary':
        return this.#binary(node);
      case 'compare':
      case 'not':
        return { truth: this.branch(node) };
      case 'logic': {
        const left = this.evaluate(node.left);
        const truth = left.truth ?? this.#path.choose(2, node) === 0;
        const decided = node.op === 'and' ? !truth : truth;
        return decided ? left : this.evaluate(node.right);
      }
      case 'choice':
        return this.evaluate(this.branch(node.test) ? node.consequence : node.otherwise);
      case 'call':
        return this.#call(node).result;
      case 'member': {
        const known = this.#variables.get(node.at.text);
        const object = this.evaluate(node.object);
        this.#tell(this.#heard.access, (listener) => listener.access?.(object, 'member', node.at));
        return known ?? this.#member(object, node.name, node.at);
      }
      case 'index': {
        const object = this.evaluate(node.object);
        const key = this.evaluate(node.key);
        this.#tell(this.#heard.access, (listener) => listener.access?.(object, 'index', node.at));
        if (key.text !== undefined) return this.#member(object, key.text, node.at);
        if (key.number !== undefined && object.items && !object.repeated)
          return object.items.at(key.number) ?? elementOf(object, node.at);
        return elementOf(object, node.at);
      }
      case 'list':
        return {
          items: node.items.map((item) => this.evaluate(item)),
          truth: node.items.length > 0,
        };
      case 'record': {
        const entries = new Map<string, Value>();
        for (const { key, value } of node.entries) {
          const result = this.evaluate(value);
          const name = key && textOf(this.evaluate(key));
          if (name !== undefined) entries.set(name, result);
          else
            for (const [inner, entry] of result.entries ?? [['...', result]])
              entries.set(inner, entry);
        }
        return { entries };
      }
      case 'function':
        return { function: node.function };
      case 'assign': {
        if (node.op === '++') {
          const before = this.evaluate(node.target);
          this.#assign(node.target, derived(node.at, [before]));
          return before;
        }
        const value =
          node.op === undefined
            ? this.evaluate(node.value)
            : this.#combine(
                node.op,
                this.evaluate(node.target),
                this.evaluate(node.value),
                node.at,
              );
        this.#assign(node.target, value);
        return value;
      }
      case 'dereference': {
        const value = this.evaluate(node.value);
        this.#tell(this.#heard.access, (listener) =>
          listener.access?.(value, 'dereference', node.at),
        );
        return elementOf(value, node.at);
      }
      case 'address':
        return this.evaluate(node.value);
      case 'each': {
        const over = this.evaluate(node.over);
        this.#assign(node.target, elementOf(over, node.over.at));
        // What fails a test is left out, so all that is kept has passed.
        for (const test of node.tests) if (!this.branch(test)) return { items: [], repeated: true };
        return { items: [this.evaluate(node.value)], repeated: true };
      }
      case 'harmless':
        for (const part of node.parts) this.evaluate(part);
        return {};
      case 'other':
        return derived(
          node.at,
          node.parts.map((part) => this.evaluate(part)),
        );
    }
  }

  #global(name: string, at: SyntaxNode): Value {
    const value: Value = { name };
    if (this.#sources !== 'none' && this.#models.sources.has(name))
      value.taint = new Taint(() => step(at, name));
    return value;
  }

  #member(object: Value, name: string, at: SyntaxNode): Value {
    const entry = object.entries?.get(name);
    if (entry) return entry;
    const value = derived(at, [object]);
    const full = object.name === undefined ? `.${name}` : `${object.name}.${name}`;
    value.name = full;
    if (this.#sources !== 'none' && this.#models.sources.has(full))
      value.taint = new Taint(() => step(at, full));
    return value;
  }

  #binary(node: Expression & { kind: 'binary' }): Value {
    return this.#combine(node.op, this.evaluate(node.left), this.evaluate(node.right), node.at);
  }

  #combine(op: string, left: Value, right: Value, at: SyntaxNode): Value {
    if (op === '+') {
      if (left.number !== undefined && right.number !== undefined)
        return { number: left.number + right.number };
      if (left.items && right.items) return { items: [...left.items, ...right.items] };
      return derived(at, [left, right], { text: textOf(left) + textOf(right) });
    }
    if (op === '%' && left.text !== undefined) {
      const given = right.items ?? (right.entries ? [...right.entries.values()] : [right]);
      let index = 0;
      // A number keeps nothing of what it was made from.
      const kept: Value[] = [left];
      const text = left.text.replace(
        /%(?:\((\w+)\))?[-+ #0]*[\d.*]*([a-zA-Z%])/g,
        (_, key, type) => {
          if (type === '%') return '%';
          const value = key === undefined ? given[index++] : (right.entries?.get(key) ?? right);
          if (!value) return HOLE;
          if (!'dixXofFeEgG'.includes(type)) kept.push(value);
          return textOf(value);
        },
      );
      return derived(at, kept, { text });
    }
    if (op === '/' || op === '<<')
      return derived(at, [left, right], { text: `${textOf(left)}/${textOf(right)}` });
    return derived(at, [left, right]);
  }

  // --- calls --------------------------------------------------------------------------------

  #call(node: Expression & { kind: 'call' }): { result: Value; call: Call } {
    this.#reached.add(node.at);
    const { callee } = node;
    let receiver: Value | undefined;
    let target: Value;
    if (callee.kind === 'member') {
      receiver = this.evaluate(callee.object);
      target =
        this.#variables.get(callee.at.text) ?? this.#member(receiver, callee.name, callee.at);
      if (target.name === undefined) target = { ...target, name: `.${callee.name}` };
    } else target = this.evaluate(callee);
    const args: Value[] = [];
    const keywords = new Map<string, Value>();
    for (const argument of node.args) this.#argument(argument, args, keywords);
    const call: Call = {
      name: target.name ?? '',
      receiver,
      receiverText: callee.kind === 'member' ? callee.object.at.text : '',
      args,
      keywords,
      at: node.at,
    };
    this.#tell(this.#heard.call(call.name), (listener) => listener.call?.(call));
    const result = this.#result(call, target, node);
    // What is behind a pointer may have changed.
    for (const [index, { value }] of node.args.entries())
      if (value.kind === 'address' && args[index]) forgetComparisons(args[index]);
    this.#tell(this.#heard.called, (listener) => {
      listener.called!(call, result);
      return undefined;
    });
    return { result, call };
  }

  #argument(argument: Argument, args: Value[], keywords: Map<string, Value>): void {
    const value = this.evaluate(argument.value);
    if (argument.name !== undefined) keywords.set(argument.name, value);
    else if (!argument.spread) args.push(value);
    else if (value.entries) for (const [name, entry] of value.entries) keywords.set(name, entry);
    else args.push(...(value.items ?? [value]));
  }

  #result(call: Call, target: Value, node: Expression & { kind: 'call' }): Value {
    const own = target.function ?? this.#method(call);
    if (own && this.#depth < MAX_CALLS)
      return this.#invoke(own, call.args, call.keywords, call.receiver);
    const values = [...call.args, ...call.keywords.values()];
    const model = modelOf(this.#models, call.name);
    const callbacks = new Set<FunctionNode>();
    for (const value of values) if (value.function) callbacks.add(value.function);
    if (model) {
      const result = model(call, {
        pour: (into, from) => this.#pour(into, from, call.at),
        source: () =>
          this.#sources === 'none'
            ? {}
            : { taint: new Taint(() => step(call.at, call.at.text.slice(0, 80))) },
        invoke: (callback, args) => {
          callbacks.delete(callback);
          return this.#depth < MAX_CALLS ? this.#invoke(callback, args, new Map(), undefined) : {};
        },
      });
      for (const callback of callbacks) this.#callBack(callback, call);
      if (result) {
        if (result.name === undefined) change(result, 'name', `${call.name}()`);
        return result;
      }
    } else for (const callback of callbacks) this.#callBack(callback, call);
    const last = call.name.slice(call.name.lastIndexOf('.') + 1);
    const result = derived(node.at, [call.receiver, ...values], { doubtful: DOUBTS.test(last) });
    if (call.name !== '') result.name = `${call.name}()`;
    return result;
  }

  /** A method of a class in this file, called on the object that runs. */
  #method(call: Call): FunctionNode | undefined {
    if (call.receiverText !== 'self' && call.receiverText !== 'this') return undefined;
    const name = call.name.slice(call.name.lastIndexOf('.') + 1);
    return this.#program.functions.find(
      (candidate) => candidate.owner !== undefined && candidate.name === name,
    );
  }

  /** Someone else calls a function that is given to them. */
  #callBack(node: FunctionNode, call: Call): void {
    // A handler at the top of the file is judged as an entry, with untrusted parameters.
    if (this.#depth >= MAX_CALLS || this.#program.functions.includes(node)) return;
    const element = derived(call.at, [call.receiver, ...call.args.filter((arg) => !arg.function)]);
    this.#invoke(
      node,
      node.parameters.map(() => element),
      new Map(),
      undefined,
    );
  }

  #invoke(
    node: FunctionNode,
    args: readonly Value[],
    keywords: ReadonlyMap<string, Value>,
    receiver: Value | undefined,
  ): Value {
    const [outside, returned] = [this.#variables, this.#returned];
    this.#variables = new Map(outside);
    this.#depth++;
    const bound = node.owner !== undefined && /^(?:self|cls)$/.test(node.parameters[0]?.name ?? '');
    try {
      this.#returned = {};
      this.#enter(node, (name, _, index) => {
        if (bound && index === 0) return receiver ?? {};
        const given = args[bound ? index - 1 : index] ?? keywords.get(name);
        if (given) return given;
        const preset = node.parameters[index]?.default;
        return preset ? this.evaluate(preset) : {};
      });
      this.#block(node.body);
      return this.#returned;
    } finally {
      // What a function within a function assigns to variables around it stays.
      const inner = !this.#program.functions.includes(node);
      for (const [name, value] of inner ? this.#variables : [])
        if (outside.has(name) && !node.parameters.some((parameter) => parameter.name === name))
          put(outside, name, value);
      this.#variables = outside;
      this.#returned = returned;
      this.#depth--;
    }
  }
}

/** Of these types nothing can be injected. */
const HARMLESS_TYPES =
  /^(?::?\s*)?(?:const |unsigned |signed )*(?:int|float|bool|boolean|number|bigint|double|long|short|size_t|ssize_t|u?int\d+_t|uuid\.UUID|UUID|Date|datetime)(?:\s*\|\s*(?:None|null|undefined))?$/;

function constant(value: string | number | boolean | null): Value {
  switch (typeof value) {
    case 'string':
      return { text: value, truth: value !== '' };
    case 'number':
      return { number: value, truth: value !== 0, text: String(value) };
    case 'boolean':
      return { truth: value };
    default:
      return { isNull: true, truth: false };
  }
}

const COMPARED = 'compared';

/** The same value compared with the same constant again gives the same. */
function rememberComparison({ op, left, right }: Test & { kind: 'compare' }, truth: boolean): void {
  const key = comparisonKey(op, right);
  if (key === undefined) return;
  const known = left.marks?.get(COMPARED) as Map<string, boolean> | undefined;
  mark(left, COMPARED, new Map(known).set(key, truth));
}

function forgetComparisons(value: Value): void {
  unmark(value, COMPARED);
  change(value, 'isNull', undefined);
  if (value.number !== undefined) {
    change(value, 'number', undefined);
    change(value, 'text', undefined);
  }
  if (value.text === undefined && value.items === undefined) change(value, 'truth', undefined);
}

const comparisonKey = (op: string, right: Value): string | undefined =>
  right.isNull ? `${op} null` : isConstant(right) ? `${op} ${right.text}` : undefined;

function compared(op: string, left: Value, right: Value): boolean | undefined {
  const key = comparisonKey(op, right);
  const known = left.marks?.get(COMPARED) as Map<string, boolean> | undefined;
  if (key !== undefined && known?.has(key)) return known.get(key);
  // What counts as true is not null in any language.
  const isNull = left.isNull ? true : left.truth === true ? false : undefined;
  if (right.isNull && isNull !== undefined && (op === '==' || op === '!='))
    return isNull === (op === '==');
  if (left.text === undefined || right.text === undefined) return undefined;
  if (!isConstant(left) || !isConstant(right)) return undefined;
  if (op === '==') return left.text === right.text;
  if (op === '!=') return left.text !== right.text;
  return undefined;
}

/** Whether a pattern lists what a text may hold: nothing with `.`, `\S`, `\W` or an excluding class. */
function onlyAllows(pattern: string, whole: boolean, fromStart: boolean): boolean {
  const body = pattern.replace(/^\/|\/[a-z]*$/g, '');
  const starts = whole || fromStart || /^(?:\^|\\A)/.test(body);
  const ends = whole || /(?:\$|\\Z|\\z)$/.test(body);
  const inner = body.replace(/\\[.\-/]|\[[^\]^][^\]]*\]/g, '');
  return starts && ends && !/\.|\\[SWD]|\[\^/.test(inner);
}
