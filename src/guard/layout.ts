import type { Feed } from '../engine/index.js';
import type { ModelConfig } from '../models/index.js';
import { integerFeed, rotaryFeeds } from '../train/index.js';

/** Sequences as rows of one batch, and which of their tokens are predicted. */
export class Layout<S extends { ids: readonly number[] }> {
  /** Length of the rows. */
  readonly length: number;
  readonly #samples: readonly S[];
  /** Predicted tokens: token `j` of a sample, from what stands before it. */
  readonly #places: readonly { sample: S; row: number; j: number }[];

  /** @param predicts whether a sample's token `j`, from 1 on, is predicted */
  constructor(samples: readonly S[], predicts: (sample: S, j: number) => boolean) {
    this.#samples = samples;
    this.length = Math.max(...samples.map(({ ids }) => ids.length));
    this.#places = samples.flatMap((sample, row) =>
      sample.ids.flatMap((_, j) => (j > 0 && predicts(sample, j) ? [{ sample, row, j }] : [])),
    );
  }

  /**
   * Inputs: tokens, positions, segments i64 [b, s]; logit_rows, labels i64 [rows]; rotary tables.
   *
   * @param more positions that the tables reach beyond the rows. Defaults to none
   */
  feeds(config: ModelConfig, more = 0): Record<string, Feed> {
    const s = this.length;
    const dims = [this.#samples.length, s];
    const grid = (value: (ids: readonly number[], j: number) => number) =>
      integerFeed(
        this.#samples.flatMap(({ ids }) => Array.from({ length: s }, (_, j) => value(ids, j))),
        dims,
      );
    const each = (value: (place: { sample: S; row: number; j: number }) => number) =>
      integerFeed(this.#places.map(value), [this.#places.length]);
    return {
      tokens: grid((ids, j) => ids[j] ?? 0),
      positions: grid((_, j) => j),
      segments: grid((ids, j) => (j < ids.length ? 0 : 1)),
      logit_rows: each(({ row, j }) => row * s + j - 1),
      labels: each(({ sample, j }) => sample.ids[j]!),
      ...rotaryFeeds(config, s + more),
    };
  }

  /**
   * Weights of predicted tokens: over those of a sample that count they are alike and add up to `share`.
   *
   * @param counts whether a sample's token `j` counts
   * @returns f32 [rows]
   */
  shares(share: number, counts: (sample: S, j: number) => boolean): Feed {
    const totals = this.#samples.map(() => 0);
    const counted = this.#places.map(({ sample, row, j }) => {
      const own = counts(sample, j);
      totals[row]! += Number(own);
      return own;
    });
    const data = Float32Array.from(this.#places, ({ row }, i) =>
      counted[i] ? share / totals[row]! : 0,
    );
    return { dtype: 'f32', dims: [data.length], data };
  }
}
