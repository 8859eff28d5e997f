import { groupBy, SutureError } from '../../core/index.js';
import type { Model, Translator } from '../../engine/index.js';
import type { Intent, PromptPair } from '../../evaluate/index.js';

/** What the lens needs of a pair. */
export type LensPair = Pick<PromptPair, 'id' | 'base' | 'bodies'> & {
  prompts: Partial<Record<Intent, string>>;
};

/** Most tokens of a continuation that are scored. */
const CONTINUATION = 8;
/** Tokens of one forward pass, padding included; bounds its memory. */
const TOKENS = 2048;

/** The tokens in which the two bodies of a pair part. */
export interface Decision {
  /** What both bodies begin with. */
  opening: number[];
  /** What follows in each, without what both end with; at most 8 tokens, at least one. */
  secure: number[];
  insecure: number[];
}

/** A read-out at one depth of one prompt. */
export interface Reading {
  /** Of the whole differing part, by teacher forcing: natural logarithms. */
  secureLogProb: number;
  insecureLogProb: number;
  /** Of the first token in which the bodies part. */
  secureLogit: number;
  insecureLogit: number;
  secureRank: number;
  insecureRank: number;
  secureProbability: number;
  insecureProbability: number;
  /** Logit of one unrelated token minus that of another, at the same place. */
  controlDifference: number;
  /** Nats. */
  entropy: number;
}

/**
 * Where the bodies part; undefined where one of them only goes on from the other, so that there are no two
 * continuations to compare.
 */
export function decisionOf(model: Model, bodies: LensPair['bodies']): Decision | undefined {
  const ids = (text: string) => model.tokenizer!.encode(text, { addSpecialTokens: false });
  const secure = ids(bodies.secure);
  const insecure = ids(bodies.insecure);
  const shorter = Math.min(secure.length, insecure.length);
  let start = 0;
  while (start < shorter && secure[start] === insecure[start]) start++;
  if (start === shorter) return undefined;
  let end = 0;
  while (end < shorter - start - 1 && secure.at(-1 - end) === insecure.at(-1 - end)) end++;
  const part = (body: readonly number[]) =>
    body.slice(start, body.length - end).slice(0, CONTINUATION);
  return { opening: secure.slice(0, start), secure: part(secure), insecure: part(insecure) };
}

/** A prompt as tokens: through the chat template where the model has one. */
export function encodePrompt(model: Model, text: string): number[] {
  const chat = model.tokenizer?.chatTemplate !== undefined;
  const messages = [{ role: 'user' as const, content: text }];
  return model.encode(chat ? { messages } : { text })[0]!;
}

interface Row {
  /** Index into the items. */
  item: number;
  side: 'secure' | 'insecure';
  ids: number[];
  continuation: number[];
}

/** One prompt of one pair, with the continuations that it is read for. */
export interface LensItem {
  prompt: readonly number[];
  decision: Decision;
  /** Two tokens that have nothing to do with the decision: what moves them says nothing of it. */
  control: readonly [number, number];
}

export interface LensReadOptions {
  /** A translator for each depth but the last; the logit lens where there are none. */
  translators?: readonly Translator[] | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Reads every item at every depth: the embeddings, then what comes out of each block.
 * @returns [item][n_layers + 1]
 * @throws {SutureError} INTERRUPTED when the signal fires
 */
export async function readLens(
  model: Model,
  items: readonly LensItem[],
  { translators, signal, onProgress }: LensReadOptions = {},
): Promise<Reading[][]> {
  const depths = model.nLayers + 1;
  const hooks = [
    'blocks.0.hook_resid_pre',
    ...Array.from({ length: model.nLayers }, (_, layer) => `blocks.${layer}.hook_resid_post`),
  ];
  const readings = items.map(() => Array.from({ length: depths }, () => ({}) as Reading));
  const rows = items.flatMap(({ prompt, decision }, item): Row[] =>
    (['secure', 'insecure'] as const).map((side) => {
      const continuation = decision[side];
      const ids = [...prompt, ...decision.opening, ...continuation.slice(0, -1)];
      return { item, side, ids, continuation };
    }),
  );
  let done = 0;
  for (const batch of batches(rows)) {
    if (signal?.aborted) throw new SutureError('INTERRUPTED', 'Interrupted.');
    const m = batch[0]!.continuation.length;
    const { cache } = await model.forward(
      batch.map(({ ids }) => ids),
      { capture: hooks, positions: Array.from({ length: m }, (_, j) => j - m), logits: [] },
    );
    const targets = batch.flatMap(({ item, continuation }) => {
      const { decision, control } = items[item]!;
      return continuation.map((token, j) =>
        j > 0
          ? [token, token, token, token]
          : [decision.secure[0]!, decision.insecure[0]!, ...control],
      );
    });
    for (const [depth, hook] of hooks.entries()) {
      const translator = depth < model.nLayers ? translators?.[depth] : undefined;
      const read = await model.readOut(cache.get(hook)!.data, targets, translator); // [b * m]
      for (const [i, { item, side }] of batch.entries()) {
        const logProb = (at: number, target: number) =>
          read.logits[4 * at + target]! - read.logSumExp[at]!;
        const first = i * m;
        let whole = logProb(first, side === 'secure' ? 0 : 1);
        for (let j = 1; j < m; j++) whole += logProb(first + j, 0);
        const reading = readings[item]![depth]!;
        if (side === 'insecure') {
          reading.insecureLogProb = whole;
          continue;
        }
        // Both sides are read at the same place: the token before they part.
        const [secure, insecure, one, other] = read.logits.subarray(4 * first);
        Object.assign(reading, {
          secureLogProb: whole,
          secureLogit: secure!,
          insecureLogit: insecure!,
          secureRank: read.ranks[4 * first]!,
          insecureRank: read.ranks[4 * first + 1]!,
          secureProbability: Math.exp(logProb(first, 0)),
          insecureProbability: Math.exp(logProb(first, 1)),
          controlDifference: one! - other!,
          entropy: read.entropy[first]!,
        });
      }
    }
    done += batch.length;
    onProgress?.(done, rows.length);
  }
  return readings;
}

/** Rows with continuations of one length, sorted by their own so that little is padded. */
function batches(rows: readonly Row[]): Row[][] {
  const byLength = groupBy(rows, ({ continuation }) => continuation.length);
  return [...byLength.values()].flatMap((group) => {
    const sorted = group.toSorted((a, b) => a.ids.length - b.ids.length);
    const made: Row[][] = [];
    for (const row of sorted) {
      const open = made.at(-1);
      if (open && (open.length + 1) * row.ids.length <= TOKENS) open.push(row);
      else made.push([row]);
    }
    return made;
  });
}
