import { ensure } from '../core/index.js';
import { hookKind, matchHooks } from '../models/index.js';
import type { Tensor } from '../tensor/index.js';
import type { Adapter } from './adapter.js';
import { flattenPositions, type RowPositions } from './capture.js';
import { checkPrompt } from './completions.js';
import { CompiledPlan, type Intervention } from './interventions.js';
import type { Runner } from './runner.js';

export interface ForwardOptions {
  /**
   * Hook points or patterns (`blocks.*.hook_resid_post`) to be returned; other libraries' names are
   * understood, and a number is the output of that block. Defaults to none.
   */
  capture?: readonly (string | number)[];
  /**
   * Where values are captured: everywhere, at each row's last token, or at the listed positions, of
   * which negative ones count from each row's end. Taken in the graph: what is not asked for is not
   * copied out. Defaults to `all`.
   */
  positions?: RowPositions;
  /** Edits of what is at hook points. Defaults to none. */
  interventions?: readonly Intervention[];
  /** A PEFT folder. Defaults to none. */
  adapter?: string | undefined;
  /** Which positions get logits, in the same words; an empty list saves them. Defaults to `all`. */
  logits?: RowPositions;
}

export interface ForwardResult {
  /**
   * [batch, pos, vocab], or [batch, vocab] for `logits: 'last'`. Shorter rows are padded on the
   * right; what stands at padding means nothing.
   */
  logits: Tensor;
  /**
   * What was captured, by Suture's own names, with the chosen positions as `pos`:
   * [batch, pos, d_model]; `attn.hook_z` [batch, pos, n_heads, head_dim]; `attn.hook_pattern`
   * [batch, n_heads, pos, key], a row's padding last among the keys; `logits` [batch, pos, vocab].
   */
  cache: Map<string, Tensor>;
}

/** One pass over whole sequences: see `Model.forward`. */
export async function forwardBatch(
  runner: Runner,
  batch: readonly (readonly number[])[],
  options: ForwardOptions,
  adapter: Adapter | undefined,
): Promise<ForwardResult> {
  const { config } = runner.checkpoint;
  const { capture = [], positions = 'all', logits: logitPositions = 'all' } = options;
  ensure(batch.length > 0, 'BAD_ARGUMENT', 'forward needs at least one row of tokens.');
  for (const [i, ids] of batch.entries()) checkPrompt(ids, i, config);
  const hooks = [...new Set(capture.flatMap((name) => matchHooks(name, config)))];
  const plan = new CompiledPlan(options.interventions ?? [], config, batch.length);

  const taken = flattenPositions(batch, positions);
  const wanted = flattenPositions(batch, logitPositions);
  // The final norm and the unembedding see no other positions than these.
  const atEnd = hooks.filter((name) => ['final', 'logits'].includes(hookKind(name)));
  const computed = atEnd.length > 0 ? union(wanted.flat(), taken.flat()) : wanted.flat();
  const capturesOnly = hooks.length > 0 && computed.length === 0;
  const fetch = capturesOnly ? hooks : [...new Set([...hooks, 'logits'])];
  const values = await runner.run(
    { plan, capture: hooks, adapter, chosen: positions !== 'all', capturesOnly },
    {
      tokens: batch,
      prompts: [...batch.keys()],
      promptLengths: batch.map((ids) => ids.length),
      logitRows: computed,
      ...(positions !== 'all' && { taken }),
      fetch,
    },
  );
  const byName = new Map(fetch.map((name, i) => [name, values[i]!]));
  const none: Tensor = { dims: [0, config.vocabSize], data: new Float32Array(0) };
  const logits = pickRows(byName.get('logits') ?? none, computed, wanted);
  const cache = new Map(
    hooks.map((name) => {
      const value = byName.get(name)!;
      return [name, atEnd.includes(name) ? pickRows(value, computed, taken) : value];
    }),
  );
  const { dims, data } = logits;
  const flat = { dims: [dims[0]!, dims[2]!], data };
  return { logits: logitPositions === 'last' ? flat : logits, cache };
}

/** Both lists' positions, each once, in ascending order. */
const union = (a: readonly number[], b: readonly number[]): number[] =>
  [...new Set([...a, ...b])].sort((x, y) => x - y);

/**
 * Rows of x [n, width], which has those of the positions `computed`, as [b, p, width].
 * @param wanted [b][p]
 */
function pickRows(
  { dims, data }: Tensor,
  computed: readonly number[],
  wanted: readonly (readonly number[])[],
): Tensor {
  const width = dims[1]!;
  const flat = wanted.flat();
  const shape = [wanted.length, wanted[0]!.length, width];
  const same = flat.length === computed.length && flat.every((place, i) => place === computed[i]);
  if (same) return { dims: shape, data };
  const rowOf = new Map(computed.map((place, i) => [place, i]));
  const picked = new Float32Array(flat.length * width);
  for (const [i, place] of flat.entries()) {
    const row = rowOf.get(place)!;
    picked.set(data.subarray(row * width, (row + 1) * width), i * width);
  }
  return { dims: shape, data: picked };
}
