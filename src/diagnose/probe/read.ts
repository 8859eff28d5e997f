import { groupBy, SutureError } from '../../core/index.js';
import type { Model } from '../../engine/index.js';
import type { Tensor } from '../../tensor/index.js';
import { type Example, type ProbePosition, readPositions } from './examples.js';

/** Tokens of one forward pass, padding included; bounds its memory. */
const TOKENS = 2048;
/** Values of one capture at all positions: 256 MiB. */
const CAPTURED = 2 ** 26;

export interface ReadOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * The residual stream after every block, at each position asked for: by position, then layer,
 * [n, d_model]. One forward pass over every row, without the unembedding; single positions are
 * gathered in the graph, so that only means copy out whole sequences.
 *
 * @throws {SutureError} INTERRUPTED when the signal fires
 */
export async function readResiduals(
  model: Model,
  examples: readonly Example[],
  positions: readonly ProbePosition[],
  { signal, onProgress }: ReadOptions = {},
): Promise<Map<ProbePosition, Float32Array[]>> {
  const { nLayers, dModel } = model;
  const read = new Map(
    positions.map((position) => [
      position,
      Array.from({ length: nLayers }, () => new Float32Array(examples.length * dModel)),
    ]),
  );
  const whole = positions.some((position) => position === 'changed' || position === 'mean');
  const most = whole ? Math.min(TOKENS, CAPTURED / (nLayers * dModel)) : TOKENS;
  let done = 0;
  for (const rows of batches(examples, most)) {
    if (signal?.aborted) throw new SutureError('INTERRUPTED', 'Interrupted.');
    const chosen = rows.map((row) => examples[row]!);
    // Rows of a batch share their opening's length, so both places count alike from each row's end.
    const opening = chosen[0]!.ids.length - chosen[0]!.promptLength;
    const { cache } = await model.forward(
      chosen.map(({ ids }) => ids),
      {
        capture: ['blocks.*.hook_resid_post'],
        positions: whole ? 'all' : [-1 - opening, -1],
        logits: [],
      },
    );
    const places = (example: Example, position: ProbePosition): number[] => {
      if (whole) return readPositions(example, position);
      return [position === 'last_prompt' ? 0 : 1];
    };
    for (const [position, layers] of read) {
      for (const [layer, out] of layers.entries()) {
        const captured = cache.get(`blocks.${layer}.hook_resid_post`)!;
        for (const [i, row] of rows.entries()) {
          addMean(out, row, captured, i, places(examples[row]!, position));
        }
      }
    }
    done += rows.length;
    onProgress?.(done, examples.length);
  }
  return read;
}

/**
 * The mean of the embeddings of each row's tokens: [n, d_model]. Every distinct token is looked up
 * once, as a sequence of its own, so where positions are learned all have that of the first.
 */
export async function meanEmbeddings(
  model: Model,
  tokens: readonly (readonly number[])[],
): Promise<Float32Array> {
  const d = model.dModel;
  const distinct = [...new Set(tokens.flat())];
  const place = new Map(distinct.map((token, i) => [token, i]));
  const table = new Float32Array(distinct.length * d);
  for (let from = 0; from < distinct.length; from += 512) {
    const batch = distinct.slice(from, from + 512).map((token) => [token]);
    const { cache } = await model.forward(batch, { capture: ['hook_embed'], logits: [] });
    table.set(cache.get('hook_embed')!.data, from * d); // [b, 1, d_model]
  }
  const means = new Float32Array(tokens.length * d);
  const lookUp = { dims: [1, distinct.length, d], data: table };
  for (const [row, own] of tokens.entries()) {
    addMean(
      means,
      row,
      lookUp,
      0,
      own.map((token) => place.get(token)!),
    );
  }
  return means;
}

/** Rows by the length of their opening, then by their own, so that little is padded. */
function batches(examples: readonly Example[], most: number): number[][] {
  const openings = groupBy([...examples.keys()], (row) => {
    const { ids, promptLength } = examples[row]!;
    return ids.length - promptLength;
  });
  return [...openings.values()].flatMap((rows) => {
    const sorted = rows.toSorted((a, b) => examples[a]!.ids.length - examples[b]!.ids.length);
    const made: number[][] = [];
    for (const row of sorted) {
      const open = made.at(-1);
      // The longest comes last: it says how wide the batch is.
      const fits = open && (open.length + 1) * examples[row]!.ids.length <= most;
      if (fits) open.push(row);
      else made.push([row]);
    }
    return made;
  });
}

/** Adds to out[row] the mean over some positions of row i of a captured [b, s, d]. */
function addMean(
  out: Float32Array,
  row: number,
  { dims, data }: Tensor,
  i: number,
  positions: readonly number[],
): void {
  const [, s, d] = dims as [number, number, number];
  const mean = out.subarray(row * d, (row + 1) * d);
  for (const position of positions) {
    const from = (i * s + position) * d;
    for (let k = 0; k < d; k++) mean[k]! += data[from + k]! / positions.length;
  }
}
