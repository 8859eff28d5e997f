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
 * The choices of one path. An interpreter runs the function from its start and asks `choose`
 * wherever several ways are possible; `explore` runs it again for other choices. So the state of
 * an interpreter is that of one path, and nothing ever needs merging.
 */
export class Path {
  readonly #script: readonly number[];
  readonly #budget: Budget;
  /** Behind the script: the last way of each choice rather than the first. */
  readonly #last: boolean;
  #position = 0;
  readonly taken: Choice[] = [];

  constructor(script: readonly number[], budget: Budget, last = false) {
    this.#script = script;
    this.#budget = budget;
    this.#last = last;
  }

  /** A number in [0, of) for the condition (or whatever decides) at a place of the source. */
  choose(of: number, at: object): number {
    const choice = this.#script[this.#position++] ?? (this.#last ? of - 1 : 0);
    this.taken.push({ choice, of, at });
    return choice;
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
 * @returns whether all paths were taken
 */
export function explore(run: (path: Path) => void, budget: Budget = { steps: MAX_STEPS }): boolean {
  const { paths = MAX_PATHS } = budget;
  const seen = new Ways();
  let script: number[] = [];
  for (let count = 0; count < paths; count++) {
    const path = new Path(script, budget);
    if (!attempt(run, path)) return false;
    for (const { at, choice } of path.taken) seen.add(at, choice);
    const taken = [...path.taken];
    while (taken.length > 0 && taken.at(-1)!.choice + 1 === taken.at(-1)!.of) taken.pop();
    if (taken.length === 0) return true;
    script = taken.map((step) => step.choice);
    script[script.length - 1]!++;
  }
  for (const last of [true, false]) {
    const planned = last ? new Ways() : seen;
    const scripts: number[][] = [[]];
    for (let next = scripts.shift(); next; next = scripts.shift()) {
      const path = new Path(next, budget, last);
      if (!attempt(run, path)) return false;
      for (const { at, choice } of path.taken) planned.add(at, choice);
      for (const [index, { at, of }] of path.taken.entries()) {
        if (index < next.length) continue;
        for (let other = 0; other < of; other++)
          if (planned.add(at, other))
            scripts.push([...path.taken.slice(0, index).map(({ choice }) => choice), other]);
      }
    }
  }
  return false;
}

/** False where the steps ran out. */
function attempt(run: (path: Path) => void, path: Path): boolean {
  try {
    run(path);
  } catch (thrown) {
    if (thrown === EXHAUSTED) return false;
    if (thrown !== ABANDON) throw thrown;
  }
  return true;
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
