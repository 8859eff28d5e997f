import { ensure } from '../core/index.js';
import { hookKind, matchHooks } from '../models/index.js';
import type { TextCodec } from '../text/index.js';
import type { Adapter } from './adapter.js';
import { KvCache } from './cache.js';
import { type CompletionOptions, Completions, checkCounts, type Sample } from './completions.js';
import { type Decoding, fly, planFlights } from './flights.js';
import { CompiledPlan } from './interventions.js';
import type { Watch } from './logits.js';
import { checkPrefix, type Prefix, prefixLength } from './prefix.js';
import type { Runner } from './runner.js';

export interface GenerateOptions extends CompletionOptions {
  /** Sees hidden states as they are computed: what a processor may go by. Defaults to none. */
  watch?: Watch;
  /** A PEFT folder. Defaults to none. */
  adapter?: string;
  /** Keys and values that stand before every prompt. Defaults to none. */
  prefix?: Prefix;
  /** Rows decoded together. Defaults to 64. */
  maxBatch?: number;
  /** Called after each token of the batch with how many completions are finished. */
  onProgress?: (finished: number, total: number) => void;
}

/**
 * Generates `n` completions of each prompt, many rows side by side (`flights.ts`).
 *
 * @param prompts token ids, each at least one token
 * @returns samples in the order (prompt, sample), without those that were skipped
 */
export async function generate(
  runner: Runner,
  codec: TextCodec | undefined,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions & { eosIds: readonly number[] },
  adapter: Adapter | undefined,
): Promise<Sample[]> {
  const { maxBatch = 64, interventions = [], prefix, watch, onProgress, signal } = options;
  const { device, checkpoint } = runner;
  const { config } = checkpoint;
  checkCounts({ maxBatch });
  if (prefix) checkPrefix(prefix, config);
  const plan = new CompiledPlan(interventions, config, prompts.length);
  const taken = prefix ? prefixLength(prefix) : 0;
  const left = { ...config, maxPositions: config.maxPositions - taken };
  const completions = new Completions(prompts, options, codec, plan, left);
  const { rows } = completions;
  const watched = watch?.hooks.flatMap((hook) => matchHooks(hook, config)) ?? [];
  ensure(
    watched.every((hook) => ['stream', 'final'].includes(hookKind(hook))),
    'BAD_ARGUMENT',
    'A watch sees the residual stream, what is read from and added to it, or ln_final.hook_normalized.',
  );
  const decoding: Decoding = {
    runner,
    program: { plan, capture: [...new Set([...watched, ...completions.hooks])], adapter },
    watch: watch && { hooks: watched, look: (rows) => watch.look(rows) },
    maxBatch,
    signal,
    next: (row, logits) => completions.next(row, logits),
    ask: (row, state) => completions.ask(row, state),
    onStep: () => onProgress?.(completions.finished, rows.length),
  };
  const first = prefix && (await KvCache.holding(device, config, prefix));
  try {
    for (const flight of planFlights(rows, plan, config, maxBatch)) {
      await fly(flight, { ...decoding, prefix: first });
    }
    return completions.samples();
  } finally {
    await first?.free();
  }
}
