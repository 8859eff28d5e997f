import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  append,
  change,
  drop,
  empty,
  exclude,
  include,
  put,
  record,
  Trail,
  withTrail,
} from './trail.js';

const fresh = () => ({
  object: { a: 1, b: 2 } as { a?: number; b?: number },
  map: new Map([[0, 1]]),
  set: new Set([0, 1]),
  list: [0],
});

const key = fc.nat(4);
const changes = fc.array(
  fc.oneof(
    key.map(
      (value) =>
        ({ object }: ReturnType<typeof fresh>) =>
          change(object, 'a', value),
    ),
    fc.constant(({ object }: ReturnType<typeof fresh>) => change(object, 'b', undefined)),
    fc.tuple(key, key).map(
      ([at, value]) =>
        ({ map }: ReturnType<typeof fresh>) =>
          put(map, at, value),
    ),
    key.map(
      (at) =>
        ({ map }: ReturnType<typeof fresh>) =>
          drop(map, at),
    ),
    key.map(
      (item) =>
        ({ set }: ReturnType<typeof fresh>) =>
          include(set, item),
    ),
    key.map(
      (item) =>
        ({ set }: ReturnType<typeof fresh>) =>
          exclude(set, item),
    ),
    fc.constant(({ set }: ReturnType<typeof fresh>) => empty(set)),
    fc.array(key).map(
      (items) =>
        ({ list }: ReturnType<typeof fresh>) =>
          append(list, ...items),
    ),
  ),
);

it('undoes all changes since any point of a trail', () => {
  fc.assert(
    fc.property(changes, changes, (before, after) => {
      const [state, expected] = [fresh(), fresh()];
      for (const apply of before) apply(expected);
      const trail = new Trail();
      withTrail(trail, () => {
        for (const apply of before) apply(state);
        const { length } = trail;
        for (const apply of after) apply(state);
        trail.undoTo(length);
        expect(state).toEqual(expected);
        trail.undoTo(0);
        expect(state).toEqual(fresh());
      });
    }),
  );
});

it('makes changes without a trail too, and writes into the inner of two', () => {
  const [outer, inner] = [new Trail(), new Trail()];
  const { object } = fresh();
  change(object, 'a', 5);
  expect(object.a).toBe(5);
  withTrail(outer, () => {
    withTrail(inner, () => record(() => change(object, 'a', 6)));
    expect(() =>
      withTrail(inner, () => {
        throw new Error('left');
      }),
    ).toThrow('left');
    change(object, 'b', 7);
  });
  expect([outer.length, inner.length]).toEqual([1, 1]);
  inner.undoTo(0);
  expect(object).toEqual({ a: 6, b: 7 });
});
