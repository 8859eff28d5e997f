import {
  add,
  and,
  concat,
  type Dim,
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
    const nowhere = graph.integers([NOWHERE]);
    const slotsOf = (size: Dim) => reshape(range(graph, size), [1, size]);
    const { trunk, lengths } = past;
    const ownSize = past.own[0]!.key.dims[2]!;
    const slots = slotsOf(ownSize);
    const after = trunk ? add(slots, trunk.length) : slots;
    const filled = lengths && greater(reshape(lengths, [b, 1]), slots); // [b, past]
    const own = filled ? where(filled, after, nowhere) : expand(after, [b, ownSize]);
    if (!trunk) return concat([own, positions], 1);
    const trunkSize = trunk.layers[0]!.key.dims[2]!;
    const first = slotsOf(trunkSize);
    const shared = where(greater(trunk.length, first), first, nowhere);
    return concat([expand(shared, [b, trunkSize]), own, positions], 1);
  }
}

const asRow = (x: Value) => reshape(x, [1, x.dims[0]!, 1, 1, x.dims[1]!]);
const asColumn = (x: Value) => reshape(x, [1, x.dims[0]!, 1, x.dims[1]!, 1]);
