/** Values of a Python program: what is known of their text, and how far they can be trusted. */
import type { SyntaxNode } from './parse.js';

/** The places that untrusted text must not reach unprepared. */
export const PLACES = ['sql', 'shell', 'html'] as const;
export type Place = (typeof PLACES)[number];

/** 0: the program's own or made safe; 1: cannot be told; 2: untrusted. */
export type Taint = 0 | 1 | 2;
export type Taints = Readonly<Record<Place, Taint>>;

export const CLEAN: Taints = { sql: 0, shell: 0, html: 0 };
export const DOUBTFUL: Taints = { sql: 1, shell: 1, html: 1 };
export const TAINTED: Taints = { sql: 2, shell: 2, html: 2 };

/** Stands in `text` for what is not constant. */
export const HOLE = '\u0000';

export interface Value {
  taint: Taints;
  /** Untrusted data is in it that was made safe for HTML. */
  escaped: boolean;
  /** The text, as far as it is constant, with a HOLE for each part that is not. */
  text?: string;
  /** A constant of the program: text, number, True, or a collection of such. */
  constant: boolean;
  /** The truth of True, False and None. */
  truth?: boolean;
  /** Elements of a list, tuple or set. */
  items?: Value[];
  /** How often the elements repeat is not known. */
  repeated?: boolean;
  /** Entries of a dictionary with constant keys. */
  entries?: Map<string, Value>;
  /** The dotted name of something imported or built in: `html.escape`. */
  qualified?: string;
  /** A function of the same file. */
  function?: SyntaxNode;
  /** `markupsafe.Markup` text: what is put into it is escaped by itself. */
  markup?: boolean;
}

export const NOTHING: Value = { taint: CLEAN, escaped: false, constant: true, truth: false };

export function opaque(taint: Taints, escaped = false): Value {
  return { taint, escaped, constant: false };
}

export function worse(a: Taints, b: Taints): Taints {
  if (a === b || b === CLEAN) return a;
  const max = (place: Place) => Math.max(a[place], b[place]) as Taint;
  return { sql: max('sql'), shell: max('shell'), html: max('html') };
}

/** At most `limit` everywhere: for checks that may or may not make it safe. */
export function atMost(taint: Taints, limit: Taint): Taints {
  const min = (place: Place) => Math.min(taint[place], limit) as Taint;
  return { sql: min('sql'), shell: min('shell'), html: min('html') };
}

export function isUntrusted(value: Value): boolean {
  return PLACES.some((place) => value.taint[place] > 0);
}

/** The same value, safe for a place. */
export function cleaned(value: Value, ...places: Place[]): Value {
  const taint = { ...value.taint };
  for (const place of places) taint[place] = 0;
  const escaped = value.escaped || (places.includes('html') && value.taint.html > 0);
  return { ...value, taint, escaped };
}

/** Something made of all the given values: neither text nor elements are known. */
export function mixed(...values: readonly (Value | undefined)[]): Value {
  let taint = CLEAN;
  let escaped = false;
  for (const value of values) {
    if (!value) continue;
    const whole = flat(value);
    taint = worse(taint, whole.taint);
    escaped ||= whole.escaped;
  }
  return opaque(taint, escaped);
}

/** Taint of a value with that of everything in it. */
function flat(value: Value, depth = 0): { taint: Taints; escaped: boolean } {
  let { taint, escaped } = value;
  // Most values hold no others.
  if (depth > 6 || (!value.items && !value.entries)) return value;
  for (const part of [...(value.items ?? []), ...(value.entries?.values() ?? [])]) {
    const inner = flat(part, depth + 1);
    taint = worse(taint, inner.taint);
    escaped ||= inner.escaped;
  }
  return { taint, escaped };
}

/** Text made of parts one after another. */
export function joined(parts: readonly Value[]): Value {
  const text = parts.map((part) => part.text ?? HOLE).join('');
  return {
    ...mixed(...parts),
    text: text.length > 20_000 ? text.slice(0, 20_000) : text,
    constant: parts.every((part) => part.constant),
  };
}

export function textValue(text: string): Value {
  return { taint: CLEAN, escaped: false, constant: true, text };
}

/** Any one element of a collection. */
export function elementOf(value: Value): Value {
  const parts = value.items ?? (value.entries && [...value.entries.values()]);
  if (parts === undefined) return opaque(value.taint, value.escaped);
  if (parts.length === 1) return parts[0]!;
  const every = mixed(...parts, opaque(value.taint));
  const first = parts[0];
  // Elements of one shape keep it: rows of pairs can be unpacked.
  const width = first?.items?.length;
  if (width !== undefined && parts.every((part) => part.items?.length === width))
    return {
      ...every,
      items: Array.from({ length: width }, (_, at) =>
        mixed(...parts.map((part) => part.items![at]!)),
      ),
    };
  return { ...every, constant: parts.every((part) => part.constant) };
}

/** Puts values into a text: a `Markup` escapes them by itself. */
export function formatted(template: Value, values: readonly Value[]): Value {
  const inserted = template.markup ? values.map((value) => cleaned(mixed(value), 'html')) : values;
  const all = mixed(template, ...inserted);
  return {
    ...all,
    text: `${template.text ?? HOLE}${values.length > 0 ? HOLE : ''}`,
    ...(template.markup && { markup: true }),
  };
}
