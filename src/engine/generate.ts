import type { TextCodec } from '../text/index.js';
import type { Adapter } from './adapter.js';
import { type CompletionOptions, Completions, checkCounts, type Sample } from './completions.js';
import { type Decoding, fly, planFlights } from './flights.js';
import { CompiledPlan } from './interventions.js';
import type { Runner } from './runner.js';

export interface GenerateOptions extends CompletionOptions {
  /** A PEFT folder. Defaults to none. */
  adapter?: string;
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
  const { maxBatch = 64, interventions = [], onProgress, signal } = options;
  const { config } = runner.checkpoint;
  checkCounts({ maxBatch });
  const completions = new Completions(prompts, options, codec, config);
  const { rows } = completions;
  const plan = new CompiledPlan(interventions, config, prompts.length);
  const decoding: Decoding = {
    runner,
    program: { plan, capture: [], adapter },
    maxBatch,
    signal,
    next: (row, logits) => completions.next(row, logits),
    onStep: () => onProgress?.(completions.finished, rows.length),
  };
  for (const flight of planFlights(rows, plan, config, maxBatch)) await fly(flight, decoding);
  return completions.samples();
}
