import { groupBy, SutureError } from '../../core/index.js';
import type { Model } from '../../engine/index.js';
import type { Tensor } from '../../tensor/index.js';
import { decisionOf, encodePrompt, type LensPair } from '../lens/read.js';
import { type Aligned, align } from './places.js';
import type { Choice } from './run.js';

/** Two prompts of one task, both followed by what their bodies begin with, up to the decision. */
export interface Twins {
  id: string;
  base: string;
  choice: Choice;
  insecure: number[];
  secure: number[];
  /** The prompt that asks for neither, where there is one. */
  neutral: number[] | undefined;
  /** Places of the insecure sequence with those of the secure one that stand for them; and the other way. */
  intoInsecure: Aligned[];
  intoSecure: Aligned[];
  /** Changed tokens of the insecure prompt that nothing stands for. */
  unaligned: number;
  /** Places of the insecure prompt whose tokens come from the chat template. */
  template: number[];
  /** Places of the insecure prompt whose tokens are not in the neutral one, or, without one, in the secure one. */
  asking: number[];
}

export interface LeftOutTwins {
  /** One body only goes on from the other: there are no two continuations. */
  oneSided: string[];
  /** Both prompts are the same tokens. */
  identical: string[];
  /** Longer than the model's context. */
  tooLong: string[];
}

/** @throws {SutureError} BAD_ARGUMENT where the model has no tokenizer */
export function twinsOf(
  model: Model,
  pairs: readonly LensPair[],
): { twins: Twins[]; leftOut: LeftOutTwins } {
  const leftOut: LeftOutTwins = { oneSided: [], identical: [], tooLong: [] };
  const twins = pairs.flatMap(({ id, base, bodies, prompts }): Twins[] => {
    const decision = decisionOf(model, bodies);
    if (!decision) {
      leftOut.oneSided.push(id);
      return [];
    }
    const [insecure, secure] = [prompts.insecure!, prompts.secure!].map((text) =>
      encodePrompt(model, text),
    ) as [number[], number[]];
    if (String(insecure) === String(secure)) {
      leftOut.identical.push(id);
      return [];
    }
    const { opening } = decision;
    if (Math.max(insecure.length, secure.length) + opening.length >= model.config.maxPositions) {
      leftOut.tooLong.push(id);
      return [];
    }
    const neutral =
      prompts.neutral === undefined ? undefined : encodePrompt(model, prompts.neutral);
    const into = align(insecure, secure, opening.length);
    const plain = model.tokenizer!.encode(prompts.insecure!, { addSpecialTokens: false });
    const changedFrom = (other: readonly number[]) => {
      const { aligned } = align(insecure, other, 0);
      const same = new Set(aligned.flatMap(({ place, own }) => (place === 'between' ? [own] : [])));
      const first = aligned.find(({ place }) => place === 'changed')?.own ?? insecure.length;
      return [...insecure.keys()].filter(
        (at) => at >= first && at < insecure.length - 1 && !same.has(at),
      );
    };
    return [
      {
        id,
        base,
        choice: { secure: decision.secure[0]!, insecure: decision.insecure[0]! },
        insecure: [...insecure, ...opening],
        secure: [...secure, ...opening],
        neutral: neutral && [...neutral, ...opening],
        intoInsecure: into.aligned,
        intoSecure: align(secure, insecure, opening.length).aligned,
        unaligned: into.unaligned,
        template: outside(insecure, plain),
        asking: changedFrom(neutral ?? secure),
      },
    ];
  });
  return { twins, leftOut };
}

/** Places of a prompt that its text alone does not have. */
function outside(prompt: readonly number[], text: readonly number[]): number[] {
  const key = text.join();
  for (let start = 0; start + text.length <= prompt.length; start++) {
    if (prompt.slice(start, start + text.length).join() !== key) continue;
    // Not the last token, where the decision may be read, nor the first, where many models keep a vector apart.
    return [...prompt.keys()].filter(
      (at) => at > 0 && at < prompt.length - 1 && (at < start || at >= start + text.length),
    );
  }
  return [];
}

/** What is captured of a sequence: by hook, [s, width]. */
export type States = Map<string, Tensor>;

/** Tokens of one forward pass, padding included. */
const TOKENS = 2048;

/** Captures hooks over whole sequences, or at their last token alone: [s | 1, width] each. */
export async function capture(
  model: Model,
  sequences: readonly (readonly number[])[],
  hooks: readonly string[],
  positions: 'all' | 'last',
  signal?: AbortSignal,
): Promise<States[]> {
  const states = sequences.map((): States => new Map());
  const sorted = [...sequences.keys()].sort((a, b) => sequences[a]!.length - sequences[b]!.length);
  let batch: number[] = [];
  const flush = async () => {
    if (signal?.aborted) throw new SutureError('INTERRUPTED', 'Interrupted.');
    const { cache } = await model.forward(
      batch.map((i) => sequences[i]!),
      { capture: hooks, positions: positions === 'all' ? 'all' : [-1], logits: [] },
    );
    for (const [hook, { dims, data }] of cache) {
      const [, s, ...rest] = dims as [number, number, ...number[]];
      const width = rest.reduce((a, b) => a * b, 1);
      for (const [row, i] of batch.entries()) {
        const kept = positions === 'all' ? sequences[i]!.length : 1;
        const from = row * s * width;
        states[i]!.set(hook, {
          dims: [kept, width],
          data: data.slice(from, from + kept * width),
        });
      }
    }
    batch = [];
  };
  for (const i of sorted) {
    if (batch.length > 0 && (batch.length + 1) * sequences[i]!.length > TOKENS) await flush();
    batch.push(i);
  }
  if (batch.length > 0) await flush();
  return states;
}

/** At most so many twins of each base, spread over them. */
export function fewOfEach(twins: readonly Twins[], most: number): Twins[] {
  return [...groupBy(twins, ({ base }) => base).values()].flatMap((own) =>
    own.length <= most
      ? own
      : Array.from({ length: most }, (_, i) => own[Math.floor((i * own.length) / most)]!),
  );
}
