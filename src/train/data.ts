import { ensure, Random } from '../core/index.js';

/** One text to learn from, as token ids. */
export interface Example {
  tokens: readonly number[];
  /** Weight of predicting each token from those before it; that of the first is not used. */
  weights: readonly number[];
}

/** Rows of equal length; examples packed into one row do not see each other. */
export interface Batch {
  /** [b][s] */
  tokens: number[][];
  positions: number[][];
  segments: number[][];
  /** Weight of predicting the token that follows each position: [b][s]. */
  weights: number[][];
  /** That token: [b][s]. */
  labels: number[][];
}

/** Gives batch number `step` (0, 1, 2, ...): always the same for the same number. */
export interface DataSource<B = Batch> {
  batch(step: number): B;
}

/** Packs examples, in order, into as few rows of `length` as first-fit finds. */
export function packRows(examples: readonly Example[], length: number): Example[][] {
  const rows: { left: number; examples: Example[] }[] = [];
  for (const example of examples) {
    const size = example.tokens.length;
    ensure(
      size <= length,
      'BAD_DATA',
      `An example has ${size} tokens; rows have ${length}. Use longer rows or cut it.`,
    );
    // Only the last rows can have much room left.
    let row = rows.slice(-16).find(({ left }) => left >= size);
    if (!row) {
      row = { left: length, examples: [] };
      rows.push(row);
    }
    row.examples.push(example);
    row.left -= size;
  }
  return rows.map((row) => row.examples);
}

/** Lays packed rows out as a batch; room left over is padding of weight 0. */
export function toBatch(rows: readonly (readonly Example[])[], length: number): Batch {
  const batch: Batch = { tokens: [], positions: [], segments: [], weights: [], labels: [] };
  for (const row of rows) {
    const tokens: number[] = [];
    const positions: number[] = [];
    const segments: number[] = [];
    const weights: number[] = [];
    const labels: number[] = [];
    for (const [segment, example] of row.entries()) {
      ensure(
        example.weights.length === example.tokens.length,
        'BAD_DATA',
        `An example has ${example.tokens.length} tokens and ${example.weights.length} weights; each token needs one.`,
      );
      for (const [i, token] of example.tokens.entries()) {
        tokens.push(token);
        positions.push(i);
        segments.push(segment);
        labels.push(example.tokens[i + 1] ?? 0);
        weights.push(i + 1 < example.tokens.length ? example.weights[i + 1]! : 0);
      }
    }
    for (let i = tokens.length, p = 0; i < length; i++, p++) {
      tokens.push(0);
      positions.push(p);
      segments.push(row.length);
      labels.push(0);
      weights.push(0);
    }
    batch.tokens.push(tokens);
    batch.positions.push(positions);
    batch.segments.push(segments);
    batch.weights.push(weights);
    batch.labels.push(labels);
  }
  return batch;
}

/**
 * Batches of a fixed set of examples, packed into rows of `length`, shuffled anew in every epoch by
 * the seed.
 */
export class PackedData implements DataSource {
  readonly rows: readonly (readonly Example[])[];
  readonly #length: number;
  readonly #batchSize: number;
  readonly #seed: number;
  #epoch: { number: number; order: number[] } | undefined;

  constructor(
    examples: readonly Example[],
    options: { length: number; batchSize: number; seed: number },
  ) {
    this.#length = options.length;
    this.#batchSize = options.batchSize;
    this.#seed = options.seed;
    this.rows = packRows(examples, options.length);
    ensure(
      this.rows.length >= options.batchSize,
      'BAD_DATA',
      `The examples fill ${this.rows.length} rows of ${options.length} tokens; a batch needs ${options.batchSize}.`,
    );
  }

  batch(step: number): Batch {
    const perEpoch = Math.floor(this.rows.length / this.#batchSize);
    const number = Math.floor(step / perEpoch);
    if (this.#epoch?.number !== number) {
      const random = new Random(this.#seed, 'epoch', number);
      this.#epoch = { number, order: random.shuffle([...this.rows.keys()]) };
    }
    const start = (step % perEpoch) * this.#batchSize;
    const chosen = this.#epoch.order.slice(start, start + this.#batchSize);
    return toBatch(
      chosen.map((row) => this.rows[row]!),
      this.#length,
    );
  }
}
