/**
 * Whether a regular expression can match one text in exponentially many ways, told from its syntax
 * tree: a repeated group whose body is itself repeated, or whose alternatives begin alike.
 * (J. Davis et al., "The impact of regular expression denial of service", ESEC/FSE 2018, section 2.)
 */

type Node =
  | { kind: 'set'; has(code: number): boolean }
  | { kind: 'sequence'; parts: Node[] }
  | { kind: 'choice'; options: Node[] }
  | { kind: 'repeat'; body: Node; least: number; most: number }
  /** Takes no character; with `demands` it may fail nevertheless: `$`, `\b`, `(?=…)`. */
  | { kind: 'nothing'; demands?: true };

/** Fewer repetitions of one within another are tried quickly. */
const MANY = 10;
const MAX_LENGTH = 1000;
/** Characters that sets are compared by. */
const PROBES = [...Array.from({ length: 128 }, (_, code) => code), 0xe9, 0x4e00];

const CLASSES: Record<string, RegExp> = { d: /\d/, D: /\D/, w: /\w/, W: /\W/, s: /\s/, S: /\S/ };
const ESCAPED: Record<string, string> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v', 0: '\0' };

class Reader {
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  choice(): Node {
    const options = [this.#sequence()];
    while (this.#take('|')) options.push(this.#sequence());
    return options.length === 1 ? options[0]! : { kind: 'choice', options };
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.#at < this.#text.length && !/[|)]/.test(this.#text[this.#at]!))
      parts.push(this.#repeated());
    return { kind: 'sequence', parts };
  }

  #repeated(): Node {
    const body = this.#atom();
    const [written] = /^(?:[*+?]|\{\d*,?\d*\})[?+]?/.exec(this.#text.slice(this.#at)) ?? [];
    if (written === undefined || written === '{}' || written === '{,}') return body;
    this.#at += written.length;
    const [, low, comma, high] = /^\{(\d*)(,?)(\d*)\}/.exec(written) ?? [];
    const bounds: Record<string, [number, number]> = {
      '*': [0, Infinity],
      '+': [1, Infinity],
      '?': [0, 1],
    };
    const least = Number(low || 0);
    const [from, to] = bounds[written[0]!] ?? [least, comma ? Number(high || Infinity) : least];
    // A possessive repetition is never tried again.
    if (written.length > 1 && written.endsWith('+')) return { kind: 'nothing' };
    return { kind: 'repeat', body, least: from, most: to };
  }

  #atom(): Node {
    const first = this.#text[this.#at++]!;
    if (first === '(') return this.#group();
    if (first === '[') return this.#class();
    if (first === '\\') return this.#escape();
    if (first === '^' || first === '$') return { kind: 'nothing', demands: true };
    if (first === '.') return { kind: 'set', has: (code) => code !== 10 };
    return { kind: 'set', has: (code) => code === first.charCodeAt(0) };
  }

  #group(): Node {
    const [prefix = ''] =
      /^\?(?:P?<(?![=!])[^>]*>|P=\w+|[a-zA-Z-]*:|<?[=!]|>)?/.exec(this.#text.slice(this.#at)) ?? [];
    this.#at += prefix.length;
    const body = this.choice();
    this.#take(')');
    // What only looks ahead takes no part in how a text is divided.
    return /[=!>]$/.test(prefix) && !/^\?P?<\w/.test(prefix)
      ? { kind: 'nothing', demands: true }
      : body;
  }

  #escape(): Node {
    const letter = this.#text[this.#at++] ?? '\\';
    // A back reference may hold anything; what it says is not looked into.
    if (/[bBAZzG1-9k]/.test(letter)) return { kind: 'nothing', demands: true };
    const known = CLASSES[letter];
    if (known) return { kind: 'set', has: (code) => known.test(String.fromCharCode(code)) };
    const char = this.#escaped(letter);
    return { kind: 'set', has: (code) => code === char };
  }

  #escaped(letter: string): number {
    const digits = { x: 2, u: 4 }[letter];
    const hex = digits && this.#text.slice(this.#at, this.#at + digits);
    if (digits && hex && /^[\da-f]+$/i.test(hex)) {
      this.#at += digits;
      return Number.parseInt(hex, 16);
    }
    return (ESCAPED[letter] ?? letter).charCodeAt(0);
  }

  #class(): Node {
    const negated = this.#take('^');
    const tests: ((code: number) => boolean)[] = [];
    for (
      let first = true;
      this.#at < this.#text.length && (first || this.#text[this.#at] !== ']');
      first = false
    ) {
      const start = this.#member();
      if (typeof start !== 'number') {
        tests.push((code) => start.test(String.fromCharCode(code)));
        continue;
      }
      if (this.#text[this.#at] === '-' && this.#text[this.#at + 1] !== ']') {
        this.#at++;
        const end = this.#member();
        if (typeof end === 'number') tests.push((code) => code >= start && code <= end);
      } else tests.push((code) => code === start);
    }
    this.#at++;
    return { kind: 'set', has: (code) => tests.some((test) => test(code)) !== negated };
  }

  #member(): number | RegExp {
    const char = this.#text[this.#at++] ?? ']';
    if (char !== '\\') return char.charCodeAt(0);
    const letter = this.#text[this.#at++] ?? '\\';
    return CLASSES[letter] ?? this.#escaped(letter);
  }
}

const nullable = (node: Node): boolean => {
  switch (node.kind) {
    case 'set':
      return false;
    case 'nothing':
      return true;
    case 'sequence':
      return node.parts.every(nullable);
    case 'choice':
      return node.options.some(nullable);
    case 'repeat':
      return node.least === 0 || nullable(node.body);
  }
};

type Chars = ReadonlySet<number>;
const union = (sets: readonly Chars[]): Chars => new Set(sets.flatMap((set) => [...set]));
const meet = (a: Chars, b: Chars): boolean => [...a].some((code) => b.has(code));

/** Characters that a match may begin with, or end with where the parts are `reversed`. */
function edge(node: Node, reversed: boolean): Chars {
  switch (node.kind) {
    case 'set':
      return new Set(PROBES.filter((code) => node.has(code)));
    case 'nothing':
      return new Set();
    case 'choice':
      return union(node.options.map((option) => edge(option, reversed)));
    case 'repeat':
      return edge(node.body, reversed);
    case 'sequence': {
      const parts = reversed ? node.parts.toReversed() : node.parts;
      const end = parts.findIndex((part) => !nullable(part));
      return union((end < 0 ? parts : parts.slice(0, end + 1)).map((part) => edge(part, reversed)));
    }
  }
}

/** All characters that a match may hold. */
const inside = (node: Node): Chars => {
  switch (node.kind) {
    case 'sequence':
      return union(node.parts.map(inside));
    case 'choice':
      return union(node.options.map(inside));
    case 'repeat':
      return inside(node.body);
    default:
      return edge(node, false);
  }
};

/** Whether a body that is repeated many times can divide one text between its rounds in several ways. */
function divides(body: Node): boolean {
  switch (body.kind) {
    case 'repeat':
      // `(a+)+`, and `(a*)*`.
      return body.most >= MANY;
    case 'choice':
      return (
        body.options.some(divides) ||
        // `(a|a)+` and `(\w|\d)+`: each round has two ways for the same character.
        body.options.some((option, index) =>
          body.options.slice(index + 1).some((other) => overlaps(option, other)),
        )
      );
    case 'sequence': {
      const wide = body.parts.filter((part) => part.kind === 'repeat' && part.most >= MANY);
      // `(x*y?)*`: but for one repetition all may be empty, or look like a part of it.
      return (
        wide.some((part) => {
          const chars = inside(part);
          return body.parts.every(
            (other) => other === part || nullable(other) || isWithin(other, chars),
          );
        }) ||
        (body.parts.filter((part) => part.kind !== 'nothing').length === 1 &&
          body.parts.some(divides))
      );
    }
    default:
      return false;
  }
}

/** A part that the repetition beside it could take as well, as `\s` in `(\s*\s)*`. */
const isWithin = (node: Node, chars: Chars): boolean =>
  node.kind !== 'nothing' && [...inside(node)].some((code) => chars.has(code)) && single(node);

const single = (node: Node): boolean =>
  node.kind === 'set' ||
  (node.kind === 'repeat' && single(node.body)) ||
  (node.kind === 'sequence' && node.parts.every(single));

/** Options of one character, or repetitions of such, that share a character. */
const overlaps = (a: Node, b: Node): boolean => {
  const short = (node: Node): boolean =>
    node.kind === 'set' ||
    (node.kind === 'sequence' && node.parts.length === 1 && short(node.parts[0]!)) ||
    (node.kind === 'repeat' && short(node.body));
  return short(a) && short(b) && meet(edge(a, false), edge(b, false));
};

/** Whether a part lets whatever stands there pass: then the first way is right, and no other is tried. */
function neverFails(node: Node): boolean {
  switch (node.kind) {
    case 'set':
      return false;
    case 'nothing':
      return !node.demands;
    case 'sequence':
      return node.parts.every(neverFails);
    case 'choice':
      return node.options.some(neverFails);
    case 'repeat':
      return node.least === 0 || neverFails(node.body);
  }
}

/** @param rest what has to match behind the node */
function search(node: Node, rest: readonly Node[]): boolean {
  switch (node.kind) {
    case 'sequence':
      return node.parts.some((part, index) =>
        search(part, [...node.parts.slice(index + 1), ...rest]),
      );
    case 'choice':
      return node.options.some((option) => search(option, rest));
    case 'repeat':
      return (
        (node.most >= MANY && divides(node.body) && !rest.every(neverFails)) ||
        search(node.body, [...(node.most > 1 ? [node.body] : []), ...rest])
      );
    default:
      return false;
  }
}

/**
 * @param pattern without the slashes and flags that JavaScript writes around it
 * @param whole it has to match all of a text, as with `re.fullmatch`
 * @returns `undefined` where it is too long to be read
 *
 * @example
 * isCatastrophic('^(a+)+$'); // true
 */
export function isCatastrophic(pattern: string, whole = false): boolean | undefined {
  if (pattern.length > MAX_LENGTH) return undefined;
  return search(new Reader(pattern).choice(), whole ? [{ kind: 'nothing', demands: true }] : []);
}
