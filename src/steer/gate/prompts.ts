import { z } from 'zod';
import { ensure, readJsonLines } from '../../core/index.js';
import type { Model } from '../../engine/index.js';
import type { PromptPair } from '../../evaluate/index.js';
import type { Cwe } from '../../scan/index.js';
import { bagsOfTokens } from '../../stats/index.js';

/** A prompt that a gate is trained or judged on. */
export interface GatePrompt {
  id: string;
  /** Its task family: a gate is judged on families that it was not trained on. */
  base: string;
  /** The weakness that it concerns, whatever it pushes towards; none of an ordinary prompt. */
  cwe?: Cwe | undefined;
  /** `derive` ones are trained on, `judge` ones are judged by. Defaults to both. */
  split?: 'derive' | 'judge' | undefined;
  prompt: string;
}

/** The three prompts of the first pairs of every base and split. @param most pairs of each, by default 4 */
export function concernedPrompts(pairs: readonly PromptPair[], most = 4): GatePrompt[] {
  const taken = new Map<string, number>();
  return pairs.flatMap(({ id, base, cwe, split, prompts }) => {
    const key = `${cwe}/${base}/${split}`;
    const count = taken.get(key) ?? 0;
    taken.set(key, count + 1);
    if (count >= most) return [];
    return Object.entries(prompts).map(([push, prompt]) => ({
      id: `${id}/${push}`,
      base: `${cwe}/${base}`,
      cwe,
      split,
      prompt,
    }));
  });
}

/** A line of a file of ordinary prompts; other fields are left alone. */
const ORDINARY = z.looseObject({
  prompt: z.string().min(1),
  base: z.string().min(1).optional(),
  split: z.enum(['derive', 'judge']).optional(),
});

/**
 * Ordinary prompts from a JSONL file: `{"prompt": "...", "base": "..."}` on each line. Prompts of one
 * `base` are kept together when some are held out; without it each stands alone.
 * @throws {SutureError} NOT_FOUND, DISK; BAD_DATA naming the line
 */
export const readOrdinaryPrompts = (path: string): GatePrompt[] =>
  readJsonLines(path, ORDINARY, 'prompt').map(({ prompt, base, split }, i) => ({
    id: `ordinary-${i + 1}`,
    base: base ?? `ordinary-${i + 1}`,
    split,
    prompt,
  }));

/** Prompts as a gate sees them. */
export interface ReadPrompts {
  /** By layer, after the block, at the last prompt token: [n, d_model]. */
  layers: Float32Array[];
  /** How often each token is in a prompt: [n, distinct tokens]. */
  bags: Float32Array;
}

/** Rows of one forward pass; bounds the memory of a capture. */
const ROWS = 32;

/** @throws {SutureError} BAD_ARGUMENT where the model has no tokenizer; INTERRUPTED */
export async function readPrompts(
  model: Model,
  prompts: readonly GatePrompt[],
  {
    signal,
    onProgress,
  }: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void },
): Promise<ReadPrompts> {
  const { nLayers, dModel } = model;
  const ids = prompts.map(({ prompt }) => {
    const messages = [{ role: 'user' as const, content: prompt }];
    const chat = model.tokenizer?.chatTemplate !== undefined;
    return model.encode(chat ? { messages } : { text: prompt })[0]!;
  });
  const layers = Array.from({ length: nLayers }, () => new Float32Array(prompts.length * dModel));
  // Like lengths together: little is padded.
  const order = [...ids.keys()].sort((a, b) => ids[a]!.length - ids[b]!.length);
  for (let from = 0; from < order.length; from += ROWS) {
    ensure(!signal?.aborted, 'INTERRUPTED', 'Interrupted.');
    const rows = order.slice(from, from + ROWS);
    const { cache } = await model.forward(
      rows.map((row) => ids[row]!),
      { capture: ['blocks.*.hook_resid_post'], positions: 'last', logits: [] },
    );
    for (const [layer, out] of layers.entries()) {
      const { data } = cache.get(`blocks.${layer}.hook_resid_post`)!; // [b, 1, d_model]
      for (const [i, row] of rows.entries()) {
        out.set(data.subarray(i * dModel, (i + 1) * dModel), row * dModel);
      }
    }
    onProgress?.(from + rows.length, order.length);
  }
  return { layers, bags: bagsOfTokens(ids) };
}
