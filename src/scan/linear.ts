/** A number that is not known while reading the code, such as a parameter or the length of a string. */
export interface Unknown {
  readonly name: string;
  /** Nothing is known of where it comes from, so that failing to prove a bound of it proves nothing. */
  readonly opaque: boolean;
  /** Counts the iterations of a loop. */
  readonly counter: boolean;
  /** What it is the unsigned reading of: equal to it wherever this has an upper bound. */
  readonly unsignedOf?: Linear;
}

/** `constant + sum of coefficient * unknown`; immutable. */
export class Linear {
  readonly constant: number;
  readonly terms: ReadonlyMap<Unknown, number>;

  constructor(constant: number, terms: ReadonlyMap<Unknown, number> = new Map()) {
    this.constant = constant;
    this.terms = terms;
  }

  static of(unknown: Unknown): Linear {
    return new Linear(0, new Map([[unknown, 1]]));
  }

  /** The number it is, if it is one. */
  get value(): number | undefined {
    return this.terms.size === 0 ? this.constant : undefined;
  }

  plus(other: Linear | number, factor = 1): Linear {
    if (typeof other === 'number') return new Linear(this.constant + factor * other, this.terms);
    const terms = new Map(this.terms);
    for (const [unknown, coefficient] of other.terms) {
      const sum = (terms.get(unknown) ?? 0) + factor * coefficient;
      if (sum === 0) terms.delete(unknown);
      else terms.set(unknown, sum);
    }
    return new Linear(this.constant + factor * other.constant, terms);
  }

  minus(other: Linear | number): Linear {
    return this.plus(other, -1);
  }

  times(factor: number): Linear {
    return ZERO.plus(this, factor);
  }
}

/** Facts that one proof may look at. */
const PROOF_STEPS = 5000;

export const ZERO = new Linear(0);

/** What is known on a path: linear forms that are at most zero. */
export class Facts {
  readonly #known: Linear[] = [];
  readonly #spend: (steps: number) => void;

  /** @param spend is told the steps that each proof took, and may throw to end it all */
  constructor(spend: (steps: number) => void = () => {}) {
    this.#spend = spend;
  }

  /** Adds `form <= 0`. */
  add(form: Linear): void {
    if (form.terms.size > 0) this.#known.push(form);
    for (const [unknown, coefficient] of form.terms) {
      // An unsigned reading that is bounded above equals the signed number behind it.
      if (coefficient > 0 && unknown.unsignedOf !== undefined) {
        const difference = Linear.of(unknown).minus(unknown.unsignedOf);
        this.#known.push(difference, difference.times(-1));
      }
    }
  }

  /** Whether `form <= 0` follows from what is known. Integers are taken as unbounded: no wrapping. */
  prove(form: Linear): boolean {
    const budget = { steps: PROOF_STEPS };
    // Most proofs are short, and a long search in vain must not keep from finding them.
    const proved = [1, 2, 3, 5, 7].some((depth) => this.#prove(form, depth, budget));
    this.#spend((PROOF_STEPS - budget.steps) / 20);
    return proved;
  }

  /** What limits an unknown from above: `n` for `i < n`, or a number. */
  *limitsOf(unknown: Unknown): Generator<Unknown | 'number'> {
    for (const fact of this.#known) {
      if ((fact.terms.get(unknown) ?? 0) <= 0) continue;
      const limits = [...fact.terms].filter(([, coefficient]) => coefficient < 0);
      if (limits.length === 0) yield 'number';
      for (const [limit] of limits) yield limit;
    }
  }

  /** Replaces one unknown after another by its bound until only a number is left. */
  #prove(goal: Linear, depth: number, budget: { steps: number }): boolean {
    // Every unknown has to go: if one of them cannot, no order of the others helps.
    const [first] = goal.terms;
    if (first === undefined) return goal.constant <= 0;
    if (depth === 0) return false;
    const [unknown, coefficient] = first;
    for (const fact of this.#known) {
      if (--budget.steps < 0) return false;
      const known = fact.terms.get(unknown);
      if (known === undefined || known > 0 !== coefficient > 0) continue;
      if (this.#prove(goal.plus(fact, -coefficient / known), depth - 1, budget)) return true;
    }
    return false;
  }
}
