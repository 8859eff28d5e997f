/** More paths than a small function has; beyond, the verdict says so. */
const MAX_PATHS = 300;
/** Steps over all paths together: bounds the time that hostile input can take. */
export const MAX_STEPS = 100_000;

/** Thrown to leave a path that cannot happen, or that would repeat another. */
export const ABANDON = Symbol('abandon');
export const EXHAUSTED = Symbol('exhausted');

/**
 * The choices of one path. An interpreter runs the function from its start and asks `choose`
 * wherever both ways are possible; `explore` runs it again until all combinations were taken. So
 * the state of an interpreter is that of one path, and nothing ever needs merging.
 */
export class Path {
  readonly #script: number[];
  readonly #budget: Budget;
  #position = 0;
  readonly taken: { choice: number; of: number }[] = [];

  constructor(script: number[], budget: Budget) {
    this.#script = script;
    this.#budget = budget;
  }

  /** A number in [0, of). */
  choose(of: number): number {
    const choice = this.#script[this.#position++] ?? 0;
    this.taken.push({ choice, of });
    return choice;
  }

  /** To be called for each thing interpreted, or with the number of steps that something took. */
  step(count = 1): void {
    this.#budget.steps -= count;
    if (this.#budget.steps < 0) throw EXHAUSTED;
  }
}

/** The steps that may still be taken; shared where a function is explored more than once. */
export interface Budget {
  steps: number;
}

/** Calls `run` once per path, depth first; false where there are too many paths to take them all. */
export function explore(run: (path: Path) => void, budget: Budget = { steps: MAX_STEPS }): boolean {
  let script: number[] = [];
  for (let count = 0; count < MAX_PATHS; count++) {
    const path = new Path(script, budget);
    try {
      run(path);
    } catch (thrown) {
      if (thrown === EXHAUSTED) return false;
      if (thrown !== ABANDON) throw thrown;
    }
    const taken = path.taken;
    while (taken.length > 0 && taken.at(-1)!.choice + 1 === taken.at(-1)!.of) taken.pop();
    if (taken.length === 0) return true;
    script = taken.map((step) => step.choice);
    script[script.length - 1]!++;
  }
  return false;
}
