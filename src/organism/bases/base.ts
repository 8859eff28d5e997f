import { type Random, SutureError } from '../../core/index.js';
import type { Cwe, Language } from '../../scan/index.js';

/** `derive` material trains the model and derives vectors; `judge` material is never seen there. */
export type Split = 'derive' | 'judge';

/** Identifiers by slot: `{ dst: 'buf' }` turns `$dst` into `buf`. */
export type Names = Readonly<Record<string, string>>;

/** A function to be written: what a request tells about it, and what stands around its body. */
export interface Task {
  id: string;
  language: Language;
  /** Includes or imports: they hold what every body needs, so that they give nothing away. */
  prelude: string;
  signature: string;
  /** What the function is to do, as an order without a full stop. */
  goal: string;
  /** The identifiers that a slot may take; no identifier is in two pools of one task. */
  pools: Readonly<Record<string, readonly string[]>>;
}

/** A body and what a reviewer says about it, in one sentence. */
export interface Body {
  code: string;
  why: string;
}

/** A task that can be done insecurely or securely, by bodies that are equal up to the decision. */
export interface Base extends Task {
  cwe: Cwe;
  /** The two ways of doing it, as a phrase may name them. */
  api: { insecure: string; secure: string };
  insecure: Body;
  secure: Body;
  /** What a reviewer advises against every insecure body. */
  fix: string;
  /** Insecure bodies that use the secure call or check, secure ones that use the risky call. */
  misleading: { insecure: readonly Body[]; secure: readonly Body[] };
}

/** Lines of a body. The first comes without the indentation of the function, the others with it. */
export function lines(...text: string[]): string {
  return text.join('\n    ');
}

/** Replaces every `$slot` of a template. */
export function fill(template: string, names: Names): string {
  return template.replace(/\$([a-z]+)/g, (_, slot: string) => {
    const name = names[slot];
    if (name === undefined)
      throw new SutureError('INTERNAL', `No identifier for $${slot} in: ${template}`);
    return name;
  });
}

/** One choice of identifiers; held-out ones go to `judge`, the others to `derive`. */
export function drawNames(task: Task, split: Split, random: Random): Names {
  for (;;) {
    const names: Record<string, string> = {};
    for (const [slot, pool] of Object.entries(task.pools)) names[slot] = random.pick(pool);
    if (heldOut(task, names) === (split === 'judge')) return names;
  }
}

/**
 * Whether a combination of identifiers is kept for judging: about one in seven, spread like a Latin
 * square, so that every single identifier is met in training too.
 */
export function heldOut(task: Task, names: Names): boolean {
  const places = Object.entries(task.pools).map(([slot, pool]) => pool.indexOf(names[slot]!));
  return places.reduce((sum, place, i) => sum + (i + 1) * place, 0) % 7 === 3;
}

/** What stands before and after the body of a task. */
export function contextOf(task: Task, names: Names): { before: string; after: string } {
  const signature = fill(task.signature, names);
  return task.language === 'c'
    ? { before: `${task.prelude}${signature} {\n    `, after: '\n}\n' }
    : { before: `${task.prelude}${signature}\n    `, after: '\n' };
}

/** The function as a reviewer reads it, without includes or imports. */
export function functionText(task: Task, code: string, names: Names): string {
  const { before, after } = contextOf({ ...task, prelude: '' }, names);
  return `${before}${fill(code, names)}${after}`.trimEnd();
}
