import { Random } from '../core/index.js';
import type { Feed } from '../engine/index.js';
import {
  type Dim,
  dimProduct,
  type Graph,
  gather,
  mul,
  reshape,
  type Value,
} from '../graph/index.js';

/** Masks of each width that are drawn once: two tokens have the same one by chance once in so many. */
const MASKS = 1024;

/**
 * Dropout that a resumed run repeats exactly: for every width there is a table of masks, and each step
 * is fed which of them each token gets at each site. For one token the values are dropped
 * independently of each other; sites and tokens draw independently.
 *
 * Input: dropout i64 [sites, b, s].
 */
export class Dropout {
  readonly #graph: Graph;
  readonly #rate: number;
  readonly #choices: Value;
  readonly #tables = new Map<number, Value>();
  #sites = 0;

  /**
   * @param rate share of values that become 0; the others grow by 1 / (1 - rate)
   * @param s how many tokens a row has. Defaults to as many as are read
   */
  constructor(graph: Graph, rate: number, s: Dim = 's') {
    this.#graph = graph;
    this.#rate = rate;
    this.#choices = graph.input('dropout', 'i64', ['sites', 'b', s]);
  }

  /** A place where values are dropped, with masks of its own. */
  site(): number {
    return this.#sites++;
  }

  /**
   * @param x [b, s, d], or [rows, d] of the tokens that `rows` names
   * @param rows flattened positions [b * s]: i64 [rows]
   * @param site defaults to a new one
   */
  apply(x: Value, rows?: Value, site = this.site()): Value {
    const index = this.#graph.constant('i64', {
      dims: [],
      data: BigInt64Array.of(BigInt(site)),
    });
    const own = gather(this.#choices, index); // [b, s]
    const chosen = x.dims.length === 3 ? own : gather(reshape(own, [dimProduct(own.dims)]), rows!);
    return mul(x, gather(this.#table(x.size(-1)), chosen));
  }

  #table(width: number): Value {
    const known = this.#tables.get(width);
    if (known) return known;
    const random = new Random('dropout', width, this.#rate);
    const kept = 1 / (1 - this.#rate);
    const data = Float32Array.from({ length: MASKS * width }, () =>
      random.chance(this.#rate) ? 0 : kept,
    );
    const table = this.#graph.constant('f32', { dims: [MASKS, width], data });
    this.#tables.set(width, table);
    return table;
  }
}

/** Which mask each token gets at each site of a batch [b, s]. */
export function dropoutFeeds(
  random: Random,
  sites: number,
  b: number,
  s: number,
): Record<string, Feed> {
  const data = BigInt64Array.from({ length: sites * b * s }, () => BigInt(random.int(MASKS)));
  return { dropout: { dtype: 'i64', dims: [sites, b, s], data } };
}
