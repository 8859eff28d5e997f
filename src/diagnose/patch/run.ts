import type { Intervention, Model } from '../../engine/index.js';

/** Tokens that are told apart at the decision. */
export interface Choice {
  secure: number;
  insecure: number;
}

/** What a run says at its last token. */
export interface Outcome {
  /** Logit of the secure minus that of the insecure first token. */
  difference: number;
  /** Probability of the secure first token. */
  secure: number;
}

/** A sequence up to the decision, with what is done to it. */
export interface Run {
  ids: readonly number[];
  choice: Choice;
  /** `rows` is set for it. */
  edits?: readonly Intervention[];
}

/** Rows decoded together. */
const ROWS = 128;

export interface RunOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Runs all sequences, each under its own edits. Sequences that begin alike share what is computed of them:
 * an edit of the last token costs that token alone, whatever the length before it.
 */
export async function outcomes(
  model: Model,
  runs: readonly Run[],
  { signal, onProgress }: RunOptions = {},
): Promise<Outcome[]> {
  if (runs.length === 0) return [];
  const found: Outcome[] = [];
  const interventions = runs.flatMap(({ edits = [] }, row) =>
    edits.map((edit): Intervention => ({ ...edit, rows: [row] })),
  );
  await model.generate(
    { tokens: runs.map(({ ids }) => ids) },
    {
      maxNewTokens: 1,
      maxBatch: ROWS,
      interventions,
      processors: [
        (logits, { prompt }) => {
          found[prompt] = outcomeOf(logits, runs[prompt]!.choice);
        },
      ],
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    },
  );
  return found;
}

function outcomeOf(logits: Float32Array, { secure, insecure }: Choice): Outcome {
  let most = Number.NEGATIVE_INFINITY;
  for (const x of logits) if (x > most) most = x;
  let sum = 0;
  for (const x of logits) sum += Math.exp(x - most);
  return {
    difference: logits[secure]! - logits[insecure]!,
    secure: Math.exp(logits[secure]! - most) / sum,
  };
}
