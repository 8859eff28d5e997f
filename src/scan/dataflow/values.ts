/** What the data flow knows of a value on one path. */
import type { SyntaxNode } from '../parse.js';
import { change, drop, include, put } from '../trail.js';
import type { FunctionNode } from './program.js';

/** Stands in a text for a part that is not known. */
export const HOLE = '\u0001';
/** Longer texts are cut: hostile input may double one again and again. */
const MAX_TEXT = 2000;

/** One step of a trace: where data came from or what they went through. */
export interface Step {
  line: number;
  column: number;
  text: string;
}

/**
 * Untrusted data, as a graph: what they were made of, back to where they entered. Cleaning a taint
 * cleans what is derived from it later and before, but not what it was derived from.
 */
export class Taint {
  readonly #fit = new Set<string>();
  /** Something was done to it that may have made it fit; nobody can tell. */
  doubtful: boolean;
  readonly parents: readonly Taint[];
  readonly #step: () => Step;

  /** @param step makes the step of its trace, which few are ever asked for */
  constructor(step: () => Step, parents: readonly Taint[] = [], doubtful = false) {
    this.#step = step;
    this.parents = parents;
    this.doubtful = doubtful;
  }

  /** Makes it fit for a purpose: the place of a rule, or `*` for all. */
  makeFit(place: string): void {
    include(this.#fit, place);
  }

  get step(): Step {
    return this.#step();
  }

  /**
   * How untrusted data of any origin got here without being made fit for `place`: for certain
   * (`level` 2) or perhaps (1); `undefined` where they did not.
   */
  reach(place: string): { level: 1 | 2; trace: Step[] } | undefined {
    return this.#search(place, false) ?? this.#search(place, true);
  }

  #search(place: string, doubtful: boolean): { level: 1 | 2; trace: Step[] } | undefined {
    const seen = new Set<Taint>();
    const pending: { taint: Taint; trail: Trail }[] = [{ taint: this, trail: undefined }];
    for (let next = pending.pop(); next; next = pending.pop()) {
      const { taint, trail } = next;
      if (seen.has(taint) || taint.#fit.has(place) || taint.#fit.has('*')) continue;
      if (taint.doubtful && !doubtful) continue;
      seen.add(taint);
      const longer = { taint, before: trail };
      if (taint.parents.length === 0) return { level: doubtful ? 1 : 2, trace: unwind(longer) };
      for (const parent of taint.parents) pending.push({ taint: parent, trail: longer });
    }
    return undefined;
  }
}

type Trail = { taint: Taint; before: Trail } | undefined;

/** Of the trail from the end to the origin: the steps in order, each line once. */
function unwind(trail: Trail): Step[] {
  const steps: Step[] = [];
  for (let rest = trail; rest; rest = rest.before) {
    const { step } = rest.taint;
    if (steps.at(-1)?.line !== step.line) steps.push(step);
  }
  return steps;
}

export interface Value {
  taint?: Taint;
  /** Where its text is known, wholly or with holes. */
  text?: string;
  number?: number;
  /** Whether a condition holds with it; undefined where both are possible. */
  truth?: boolean;
  isNull?: true;
  /** Dotted path of what it is: `os.path`, `sqlite3.connect()`. */
  name?: string;
  function?: FunctionNode;
  /** Elements in order; `repeated` where there may be any number like them. */
  items?: Value[];
  repeated?: boolean;
  entries?: Map<string, Value>;
  /** A regular expression. */
  pattern?: string;
  /** The type that it was declared with. */
  type?: string;
  /** An array of this function. */
  array?: true;
  /** What rules keep about this very value on this path, by a key of their own. */
  marks?: Map<string, unknown>;
}

/** Keeps something about a value on this path, for all of its names. */
export function mark(value: Value | undefined, key: string, what: unknown): void {
  if (!value) return;
  if (!value.marks) change(value, 'marks', new Map());
  put(value.marks!, key, what);
}

export function unmark(value: Value, key: string): void {
  if (value.marks) drop(value.marks, key);
}

export const step = (at: SyntaxNode, text: string): Step => ({
  line: at.line,
  column: at.column,
  text,
});

const shorten = (text: string): string =>
  (text.length > 80 ? `${text.slice(0, 77)}...` : text).replace(/\s+/g, ' ');

/** Every taint in a value, containers included. */
export function taintsOf(value: Value | undefined): Taint[] {
  if (!value) return [];
  // Most values hold no others.
  if (!value.items && !value.entries) return value.taint ? [value.taint] : [];
  const found: Taint[] = [];
  const seen = new Set<Value>();
  const visit = (inner: Value | undefined): void => {
    if (!inner || seen.has(inner) || seen.size > 200) return;
    seen.add(inner);
    if (inner.taint) found.push(inner.taint);
    for (const item of inner.items ?? []) visit(item);
    for (const entry of inner.entries?.values() ?? []) visit(entry);
  };
  visit(value);
  return [...new Set(found)];
}

/** Something made of others: untrusted as they are. */
export function derived(
  at: SyntaxNode,
  from: readonly (Value | undefined)[],
  extra: { doubtful?: boolean; text?: string } = {},
): Value {
  const parents: Taint[] = [];
  for (const value of from) {
    if (!value) continue;
    // Most values hold no others.
    if (value.items || value.entries) {
      for (const taint of taintsOf(value)) if (!parents.includes(taint)) parents.push(taint);
    } else if (value.taint && !parents.includes(value.taint)) parents.push(value.taint);
  }
  const value: Value = {};
  if (extra.text !== undefined) value.text = extra.text.slice(0, MAX_TEXT);
  if (parents.length > 0) {
    value.taint = new Taint(() => step(at, shorten(at.text)), parents, extra.doubtful);
  }
  return value;
}

/** The text of a value where it is inserted into another; a hole where it is not known. */
export const textOf = (value: Value | undefined): string => value?.text ?? HOLE;

/** Whether all of a text is known: the program's own words. */
export const isConstant = (value: Value | undefined): boolean =>
  value !== undefined &&
  ((value.text !== undefined && !value.text.includes(HOLE)) ||
    value.number !== undefined ||
    value.isNull === true ||
    (value.items?.every(isConstant) ?? false));

/** The one element that stands for all of a container, or what is read out of something unknown. */
export function elementOf(value: Value, at: SyntaxNode): Value {
  const inside = value.items ?? (value.entries ? [...value.entries.values()] : undefined);
  if (inside?.length === 1) return inside[0]!;
  return derived(at, inside ? [...inside, { ...value, items: [] }] : [value]);
}
