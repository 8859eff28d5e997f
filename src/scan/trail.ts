/**
 * What a path has changed, so that another path that begins like it can go on from where they part. Interpreters
 * and rules make all changes to what outlives a statement through the functions here. Analyses are
 * synchronous, so that one trail at a time is written.
 */
export class Trail {
  readonly #undo: (() => void)[] = [];

  get length(): number {
    return this.#undo.length;
  }

  record(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** Undoes all but the first `length` changes. */
  undoTo(length: number): void {
    while (this.#undo.length > length) this.#undo.pop()!();
  }
}

let current: Trail | undefined;

/** Has what `work` changes written into a trail. */
export function withTrail<T>(trail: Trail, work: () => T): T {
  const outer = current;
  current = trail;
  try {
    return work();
  } finally {
    current = outer;
  }
}

/** Has something that was done undone where the path is left. */
export function record(undo: () => void): void {
  current?.record(undo);
}

/** `object[key] = value`. */
export function change<T, K extends keyof T>(object: T, key: K, value: T[K] | undefined): void {
  const before = object[key];
  if (before === value) return;
  object[key] = value as T[K];
  current?.record(() => {
    object[key] = before;
  });
}

/** `map.set(key, value)`. */
export function put<K, V>(map: Map<K, V>, key: K, value: V): void {
  const before = map.get(key);
  map.set(key, value);
  // No map here holds `undefined`.
  current?.record(before === undefined ? () => map.delete(key) : () => map.set(key, before));
}

/** `map.delete(key)`. */
export function drop<K, V>(map: Map<K, V>, key: K): void {
  const before = map.get(key);
  if (before === undefined) return;
  map.delete(key);
  current?.record(() => map.set(key, before));
}

/** `set.add(item)`. */
export function include<T>(set: Set<T>, item: T): void {
  if (set.has(item)) return;
  set.add(item);
  current?.record(() => set.delete(item));
}

/** `set.delete(item)`. */
export function exclude<T>(set: Set<T>, item: T): void {
  if (set.delete(item)) current?.record(() => set.add(item));
}

/** `set.clear()`. */
export function empty<T>(set: Set<T>): void {
  if (set.size === 0) return;
  const before = [...set];
  set.clear();
  current?.record(() => {
    for (const item of before) set.add(item);
  });
}

/** `list.push(...items)`. */
export function append<T>(list: T[], ...items: readonly T[]): void {
  const { length } = list;
  list.push(...items);
  current?.record(() => {
    list.length = length;
  });
}
