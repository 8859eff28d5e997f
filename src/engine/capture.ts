import { ensure } from '../core/index.js';
import { dimProduct, type Graph, gather, reshape, type Value } from '../graph/index.js';
import { hookKind, type ModelConfig } from '../models/index.js';
import type { Feed } from './device.js';
import { resolvePositions } from './interventions/positions.js';

/**
 * Positions of each row of a batch: all of them, the last, or a list in which negative ones count
 * from the row's own end.
 */
export type RowPositions = 'all' | 'last' | readonly number[];

/** Names of the inputs that say which positions are taken. */
const TAKEN = 'capture.positions';
const TAKEN_QUERIES = 'capture.queries';

/**
 * The chosen positions of a captured value, taken in the graph, so that only they are copied out.
 * x: [b, s, ...rest] to [b, p, ...rest]; attention patterns [b, n_heads, s, t] to [b, n_heads, p, t].
 */
export function takePositions(graph: Graph, hook: string, x: Value): Value {
  const kind = hookKind(hook);
  if (kind === 'final' || kind === 'logits') return x; // only there where they were asked for
  if (kind === 'pattern') {
    const [b, heads, s, t] = x.dims;
    const queries = sharedInput(graph, TAKEN_QUERIES, ['b', heads!, 'p']);
    return gather(reshape(x, [dimProduct([b!, heads!, s!]), t!]), queries);
  }
  const [b, s, ...rest] = x.dims;
  return gather(reshape(x, [dimProduct([b!, s!]), ...rest]), sharedInput(graph, TAKEN, ['b', 'p']));
}

function sharedInput(graph: Graph, name: string, dims: readonly (number | string)[]): Value {
  return graph.inputs.find((input) => input.name === name) ?? graph.input(name, 'i64', dims);
}

/**
 * What `takePositions` is fed.
 *
 * @param hooks those that are captured
 * @param taken flattened positions [b * s] of each row, equally many
 * @param s tokens per row, padding included
 */
export function captureFeeds(
  hooks: readonly string[],
  taken: readonly (readonly number[])[],
  s: number,
  { nHeads }: Pick<ModelConfig, 'nHeads'>,
): Record<string, Feed> {
  const kinds = new Set(hooks.map(hookKind));
  const b = taken.length;
  const p = taken[0]!.length;
  const queries = taken.flatMap((places, row) =>
    Array.from({ length: nHeads }, (_, head) =>
      places.map((place) => (row * nHeads + head) * s + (place - row * s)),
    ).flat(),
  );
  return {
    ...((kinds.has('stream') || kinds.has('heads')) && { [TAKEN]: indices([b, p], taken.flat()) }),
    ...(kinds.has('pattern') && { [TAKEN_QUERIES]: indices([b, nHeads, p], queries) }),
  };
}

const indices = (dims: readonly number[], values: readonly number[]): Feed => ({
  dtype: 'i64',
  dims,
  data: BigInt64Array.from(values, (value) => BigInt(value)),
});

/**
 * The positions of each row as flattened ones [b * s], row after row.
 *
 * @throws {SutureError} BAD_ARGUMENT where a row does not have a listed position, or for an unknown word
 */
export function flattenPositions(
  batch: readonly (readonly number[])[],
  positions: RowPositions,
): number[][] {
  ensure(
    positions === 'all' || positions === 'last' || Array.isArray(positions),
    'BAD_ARGUMENT',
    `Positions of rows are all, last or a list of numbers; got ${JSON.stringify(positions)}.`,
  );
  const s = Math.max(...batch.map((ids) => ids.length));
  const every = Array.from({ length: s }, (_, j) => j);
  return batch.map((ids, row) => {
    const listed = positions === 'last' ? [-1] : positions;
    const own = listed === 'all' ? every : resolvePositions(listed, ids.length);
    return own.map((j) => row * s + j);
  });
}
