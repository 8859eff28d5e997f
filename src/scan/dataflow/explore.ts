import { Random } from '../../core/index.js';
import { ABANDON, EXHAUSTED, Path } from '../paths.js';

/** Paths taken in order, one choice changed at a time. */
const ORDERLY_PATHS = 64;
/** Where that was not all: paths of random choices, so that no branch is left unseen. */
const RANDOM_PATHS = 32;
const STEPS = 30_000;

/** Calls `run` once per path, at most about a hundred times; false where that was not all of them. */
export function explorePaths(run: (path: Path) => void): boolean {
  const budget = { steps: STEPS };
  let script: number[] = [];
  for (let count = 0; count < ORDERLY_PATHS; count++) {
    const path = new Path(script, budget);
    if (!attempt(run, path)) return false;
    const taken = path.taken;
    while (taken.length > 0 && taken.at(-1)!.choice + 1 === taken.at(-1)!.of) taken.pop();
    if (taken.length === 0) return true;
    script = taken.map(({ choice }) => choice);
    script[script.length - 1]!++;
  }
  const random = new Random('scan', 'paths');
  for (let count = 0; count < RANDOM_PATHS; count++)
    if (!attempt(run, new RandomPath(random, budget))) break;
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

class RandomPath extends Path {
  readonly #random: Random;

  constructor(random: Random, budget: { steps: number }) {
    super([], budget);
    this.#random = random;
  }

  override choose(of: number): number {
    return this.#random.int(of);
  }
}
