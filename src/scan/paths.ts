import { Trail, withTrail } from './trail.js';

/** More paths than a small function has; beyond, the verdict says so. */
const MAX_PATHS = 300;
/** Steps over all paths together: bounds the time that hostile input can take. */
export const MAX_STEPS = 100_000;

/** Thrown to leave a path that cannot happen, or that would repeat another. */
export const ABANDON = Symbol('abandon');
export const EXHAUSTED = Symbol('exhausted');

interface Choice {
  choice: number;
  of: number;
  /** What is chosen: the condition, loop or statement of the source. */
  at: object;
}

/**
 * The choices of one path after the other. An interpreter asks `choose` wherever several ways are possible, and
 * `explore` has it run again for other choices. So the state of an interpreter is that of one path, and nothing
 * ever needs merging. What a path has in common with the one before it is not run again where the interpreter
 * marks the places that it can go on from, and changes its state through trail.ts.
 */
export class Path<Place = never> {
  #script: readonly number[] = [];
  readonly #budget: Budget;
  /** Behind the script: the last way of each choice rather than the first. */
  #last = false;
  readonly trail = new Trail();
  readonly taken: Choice[] = [];
  /** For each number of choices the last place with as many behind it. */
  #marks: { choices: number; changes: number; steps: number; place: Place }[] = [];
  #marking = true;
  /** What was left to spend when the path began. */
  #before = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /**
   * Begins the next path.
   *
   * @returns where to go on from, with the state as it was there; nothing where to start anew
   */
  begin(script: readonly number[], last: boolean): Place | undefined {
    this.#script = script;
    this.#last = last;
    this.#marking = true;
    const { taken } = this;
    let common = 0;
    for (const { choice, of } of taken) {
      if ((script[common] ?? this.#beyond(of)) !== choice) break;
      common++;
    }
    while ((this.#marks.at(-1)?.choices ?? 0) > common) this.#marks.pop();
    const mark = this.#marks.at(-1);
    this.trail.undoTo(mark?.changes ?? 0);
    taken.length = mark?.choices ?? 0;
    this.#before = this.#budget.steps;
    // What is not run again counts as if it were, so that no verdict hangs on what was kept.
    if (mark) this.step(mark.steps);
    return mark?.place;
  }

  #beyond(of: number): number {
    return this.#last ? of - 1 : 0;
  }

  /** A number in [0, of) for the condition (or whatever decides) at a place of the source. */
  choose(of: number, at: object): number {
    const choice = this.#script[this.taken.length] ?? this.#beyond(of);
    this.taken.push({ choice, of, at });
    return choice;
  }

  /** The interpreter can go on from here. */
  mark(place: Place): void {
    if (!this.#marking) return;
    const choices = this.taken.length;
    const changes = this.trail.length;
    const steps = this.#before - this.#budget.steps;
    const last = this.#marks.at(-1);
    if (last?.choices !== choices) this.#marks.push({ choices, changes, steps, place });
    else {
      last.changes = changes;
      last.steps = steps;
      last.place = place;
    }
  }

  /** Something was learnt that other paths have to know from their start on. */
  startAnew(): void {
    this.#marks = [];
    this.#marking = false;
  }

  /** To be called for each thing interpreted, or with the number of steps that something took. */
  step(count = 1): void {
    this.#budget.steps -= count;
    if (this.#budget.steps < 0) throw EXHAUSTED;
  }
}

/** What may still be spent; shared where a function is explored more than once. */
export interface Budget {
  steps: number;
  /** Paths that are taken in order, before those that lead to what is new. */
  paths?: number;
}

/** Functions of one file that may each spend all that one may. */
const FUNCTIONS = 100;

/** Shares out what may be spent on a file: each of its functions gets as much until all is gone. */
export class FileBudget {
  readonly #each: Budget;
  #left: number;

  constructor(each: Budget = { steps: MAX_STEPS }) {
    this.#each = each;
    this.#left = FUNCTIONS * each.steps;
  }

  /** What `work` gives for one function; false where nothing is left to spend on it. */
  spend(work: (budget: Budget) => boolean): boolean {
    if (this.#left <= 0) return false;
    const steps = Math.min(this.#each.steps, this.#left);
    const budget = { ...this.#each, steps };
    const finished = work(budget);
    this.#left -= steps - budget.steps;
    return finished;
  }
}

/**
 * Calls `run` once per path, depth first. Where these are too many, it goes on with paths that
 * take each way of each choice at least once, in two rounds (generational search, Godefroid et al.,
 * NDSS 2008): behind the new choice, the first takes the first way of everything and the second
 * the last, so that most pairs of choices are seen in all combinations.
 *
 * @param run is given the place that it is to go on from, if there is one; what it finds on the way there it has
 *   found before
 * @returns whether all paths were taken
 */
export function explore<Place = never>(
  run: (path: Path<Place>, from: Place | undefined) => void,
  budget: Budget = { steps: MAX_STEPS },
): boolean {
  const { paths = MAX_PATHS } = budget;
  const path = new Path<Place>(budget);
  const attempt = (script: readonly number[], last = false): boolean => {
    try {
      run(path, path.begin(script, last));
    } catch (thrown) {
      if (thrown === EXHAUSTED) return false;
      if (thrown !== ABANDON) throw thrown;
    }
    return true;
  };
  try {
    return withTrail(path.trail, () => search(attempt, path.taken, paths));
  } finally {
    path.trail.undoTo(0);
  }
}

/** @param taken the choices of the last attempt */
function search(
  attempt: (script: readonly number[], last?: boolean) => boolean,
  taken: readonly Choice[],
  paths: number,
): boolean {
  const seen = new Ways();
  let script: number[] = [];
  for (let count = 0; count < paths; count++) {
    if (!attempt(script)) return false;
    for (const { at, choice } of taken) seen.add(at, choice);
    let open = taken.length;
    while (open > 0 && taken[open - 1]!.choice + 1 === taken[open - 1]!.of) open--;
    if (open === 0) return true;
    script = taken.slice(0, open).map((step) => step.choice);
    script[open - 1]!++;
  }
  for (const last of [true, false]) {
    const planned = last ? new Ways() : seen;
    const scripts: number[][] = [[]];
    for (let next = scripts.shift(); next; next = scripts.shift()) {
      if (!attempt(next, last)) return false;
      for (const { at, choice } of taken) planned.add(at, choice);
      for (const [index, { at, of }] of taken.entries()) {
        if (index < next.length) continue;
        for (let other = 0; other < of; other++)
          if (planned.add(at, other))
            scripts.push([...taken.slice(0, index).map(({ choice }) => choice), other]);
      }
    }
  }
  return false;
}

/** Which ways of which choices were taken, or are going to be. */
class Ways {
  readonly #ways = new Map<object, Set<number>>();

  /** Whether it was new. */
  add(at: object, choice: number): boolean {
    const known = this.#ways.get(at);
    if (known?.has(choice)) return false;
    if (known) known.add(choice);
    else this.#ways.set(at, new Set([choice]));
    return true;
  }
}
