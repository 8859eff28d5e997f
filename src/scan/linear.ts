import { record } from './trail.js';

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

type Term = readonly [Unknown, number];

/** `constant + sum of coefficient * unknown`; immutable. */
export class Linear {
  readonly constant: number;
  /** Each unknown once, with its coefficient, which is not 0. */
  readonly terms: readonly Term[];

  constructor(constant: number, terms: readonly Term[] = []) {
    this.constant = constant;
    this.terms = terms;
  }

  static of(unknown: Unknown): Linear {
    return new Linear(0, [[unknown, 1]]);
  }

  /** The number it is, if it is one. */
  get value(): number | undefined {
    return this.terms.length === 0 ? this.constant : undefined;
  }

  coefficientOf(unknown: Unknown): number {
    const place = placeIn(this.terms, unknown);
    return place < 0 ? 0 : this.terms[place]![1];
  }

  plus(other: Linear | number, factor = 1): Linear {
    if (typeof other === 'number') return new Linear(this.constant + factor * other, this.terms);
    const sums = [...this.terms];
    const placeOf = finder(this.terms, other.terms.length);
    let cancels = false;
    for (const [unknown, coefficient] of other.terms) {
      const place = placeOf(unknown);
      const known = place < 0 ? 0 : sums[place]![1];
      const sum = known + factor * coefficient;
      if (sum === 0) cancels = true;
      if (place < 0) sums.push([unknown, sum]);
      else sums[place] = [unknown, sum];
    }
    return new Linear(
      this.constant + factor * other.constant,
      cancels ? sums.filter(([, coefficient]) => coefficient !== 0) : sums,
    );
  }

  minus(other: Linear | number): Linear {
    return this.plus(other, -1);
  }

  times(factor: number): Linear {
    return ZERO.plus(this, factor);
  }
}

/** Finds unknowns among terms, `often` times; forms are short, but for those of hostile sources. */
function finder(terms: readonly Term[], often: number): (unknown: Unknown) => number {
  if (often <= 8 || terms.length <= 8) return (unknown) => placeIn(terms, unknown);
  const places = new Map(terms.map(([unknown], place) => [unknown, place]));
  return (unknown) => places.get(unknown) ?? -1;
}

function placeIn(terms: readonly Term[], unknown: Unknown): number {
  for (let place = 0; place < terms.length; place++) if (terms[place]![0] === unknown) return place;
  return -1;
}

/** Facts that one proof may look at. */
const PROOF_STEPS = 5000;

export const ZERO = new Linear(0);

/** What is known on a path: linear forms that are at most zero. */
export class Facts {
  readonly #known: Linear[] = [];
  /** Where in `#known` the facts are that bound an unknown from above, and from below. */
  readonly #above = new Map<Unknown, number[]>();
  readonly #below = new Map<Unknown, number[]>();
  readonly #spend: (steps: number) => void;

  /** @param spend is told the steps that each proof took, and may throw to end it all */
  constructor(spend: (steps: number) => void = () => {}) {
    this.#spend = spend;
  }

  /** Adds `form <= 0`. */
  add(form: Linear): void {
    if (form.terms.length > 0) this.#keep(form);
    for (const [unknown, coefficient] of form.terms) {
      // An unsigned reading that is bounded above equals the signed number behind it.
      if (coefficient > 0 && unknown.unsignedOf !== undefined) {
        const difference = Linear.of(unknown).minus(unknown.unsignedOf);
        this.#keep(difference);
        this.#keep(difference.times(-1));
      }
    }
  }

  #keep(fact: Linear): void {
    for (const [unknown, coefficient] of fact.terms) {
      const bounds = coefficient > 0 ? this.#above : this.#below;
      const places = bounds.get(unknown);
      if (places) places.push(this.#known.length);
      else bounds.set(unknown, [this.#known.length]);
    }
    this.#known.push(fact);
    record(() => {
      this.#known.pop();
      for (const [unknown, coefficient] of fact.terms)
        (coefficient > 0 ? this.#above : this.#below).get(unknown)!.pop();
    });
  }

  /** Whether `form <= 0` follows from what is known. Integers are taken as unbounded: no wrapping. */
  prove(form: Linear): boolean {
    const budget = { steps: PROOF_STEPS };
    // Most proofs are short, and a long search in vain must not keep from finding them.
    const proved = [1, 2, 3, 5, 7].some((depth) => this.#prove(form, depth, budget));
    this.#spend((PROOF_STEPS - Math.max(0, budget.steps)) / 20);
    return proved;
  }

  /** What limits an unknown from above: `n` for `i < n`, or a number. */
  *limitsOf(unknown: Unknown): Generator<Unknown | 'number'> {
    // Facts may be added while the caller goes through them.
    const places = this.#above.get(unknown) ?? [];
    for (let at = 0; at < places.length; at++) {
      const fact = this.#known[places[at]!]!;
      const limits = fact.terms.filter(([, coefficient]) => coefficient < 0);
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
    let passed = 0;
    for (const place of (coefficient > 0 ? this.#above : this.#below).get(unknown) ?? []) {
      // The facts between count as looked at.
      budget.steps -= place + 1 - passed;
      passed = place + 1;
      if (budget.steps < 0) return false;
      const fact = this.#known[place]!;
      const known = fact.coefficientOf(unknown);
      if (this.#prove(goal.plus(fact, -coefficient / known), depth - 1, budget)) return true;
    }
    budget.steps -= this.#known.length - passed;
    return false;
  }
}
