import {
  add,
  and,
  concat,
  equal,
  expand,
  greater,
  lessOrEqual,
  range,
  reshape,
  sub,
  type Value,
  where,
} from '../graph/index.js';
import type { ForwardInputs } from './build.js';

/** Large enough that exp() of it is 0, small enough that adding a score does not overflow. */
const MASKED = -1e30;

/** The position of an empty cache slot: beyond every query, so that none sees it. */
const NOWHERE = 2 ** 40;

/** One additive mask [1, b, 1, s, t] for each window size, made when first asked for; t = trunk + past + s. */
export class AttentionMasks {
  readonly #inputs: ForwardInputs;
  readonly #made = new Map<number | undefined, Value>();
  #keys: Value | undefined;

  constructor(inputs: ForwardInputs) {
    this.#inputs = inputs;
  }

  /** A query sees keys at its own position and before, no further back than `window`. */
  get(window: number | undefined): Value {
    const known = this.#made.get(window);
    if (known) return known;
    const { positions, segments, keySegments = segments } = this.#inputs;
    const { graph } = positions;
    this.#keys ??= this.#keyPositions();
    const key = asRow(this.#keys);
    const query = asColumn(positions);
    let seen = lessOrEqual(key, query); // [1, b, 1, s, t]
    if (window !== undefined) seen = and(seen, greater(key, sub(query, graph.integers([window]))));
    if (segments && keySegments) {
      seen = and(seen, equal(asRow(keySegments), asColumn(segments)));
    }
    const mask = where(seen, graph.scalar(0), graph.scalar(MASKED));
    this.#made.set(window, mask);
    return mask;
  }

  /** i64 [b, trunk + past + s] */
  #keyPositions(): Value {
    const { positions, past } = this.#inputs;
    if (!past) return positions;
    const { graph } = positions;
    const b = positions.dims[0]!;
    const trunkSize = past.trunk[0]!.key.dims[2]!;
    const ownSize = past.own[0]!.key.dims[2]!;
    const nowhere = graph.integers([NOWHERE]);
    const first = reshape(range(graph, trunkSize), [1, trunkSize]);
    const trunk = where(greater(past.trunkLength, first), first, nowhere);
    const slots = reshape(range(graph, ownSize), [1, ownSize]);
    const filled = greater(reshape(past.lengths, [b, 1]), slots); // [b, past]
    const own = where(filled, add(slots, past.trunkLength), nowhere);
    return concat([expand(trunk, [b, trunkSize]), own, positions], 1);
  }
}

const asRow = (x: Value) => reshape(x, [1, x.dims[0]!, 1, 1, x.dims[1]!]);
const asColumn = (x: Value) => reshape(x, [1, x.dims[0]!, 1, x.dims[1]!, 1]);
