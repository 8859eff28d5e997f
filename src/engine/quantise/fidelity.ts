import { ensure } from '../../core/index.js';
import { divergence, logProbabilities } from '../../stats/index.js';
import type { Model } from '../model.js';

/** How close a model comes to its reference on some text. */
export interface Fidelity {
  /** Positions that were compared. */
  tokens: number;
  /** Mean of KL(reference || model) over the positions, in nats. */
  kl: number;
  /** Share of the positions at which both hold the same token most probable. */
  sameTop: number;
  /** exp of the mean of -log p(next token), by the model and by the reference. */
  perplexity: number;
  referencePerplexity: number;
}

/** Positions whose logits are held at a time. */
const WINDOW = 256;

/**
 * Compares the next-token distributions of a model in few bits with those of the same model in
 * float32, at every position of some texts. Texts are read in windows of 256 tokens.
 *
 * @param model the model in question
 * @param reference the same model in float32
 * @param texts token ids, each text at least two
 * @throws {SutureError} BAD_ARGUMENT where there is no text, the vocabularies differ, or as `forward`
 * @example
 * const reference = await loadModel('organism');
 * const model = await loadModel('organism', { dtype: 'int4' });
 * const { kl, sameTop } = await fidelity(model, reference, reference.encode({ text }));
 */
export async function fidelity(
  model: Model,
  reference: Model,
  texts: readonly (readonly number[])[],
): Promise<Fidelity> {
  const vocab = reference.config.vocabSize;
  ensure(
    model.config.vocabSize === vocab,
    'BAD_ARGUMENT',
    `${model.id} and ${reference.id} have vocabularies of different sizes: they cannot be compared.`,
  );
  const windows = texts.flatMap((ids) => windowsOf(ids)).filter((ids) => ids.length > 1);
  ensure(
    windows.length > 0,
    'BAD_ARGUMENT',
    'There is no text of two tokens or more to compare on.',
  );

  let tokens = 0;
  let predicted = 0;
  let same = 0;
  let kl = 0;
  const loss = { model: 0, reference: 0 };
  for (const ids of windows) {
    const { logits: found } = await model.forward([ids]);
    const { logits: wanted } = await reference.forward([ids]);
    for (const position of ids.keys()) {
      const row = (data: Float32Array) => data.subarray(position * vocab, (position + 1) * vocab);
      const q = logProbabilities(row(found.data));
      const p = logProbabilities(row(wanted.data));
      kl += divergence(p, q);
      if (argmax(p) === argmax(q)) same++;
      tokens++;
      const next = ids[position + 1];
      if (next === undefined) continue;
      loss.model -= q[next]!;
      loss.reference -= p[next]!;
      predicted++;
    }
  }
  return {
    tokens,
    kl: kl / tokens,
    sameTop: same / tokens,
    perplexity: Math.exp(loss.model / predicted),
    referencePerplexity: Math.exp(loss.reference / predicted),
  };
}

function windowsOf(ids: readonly number[]): (readonly number[])[] {
  const count = Math.ceil(ids.length / WINDOW);
  return Array.from({ length: count }, (_, i) => ids.slice(i * WINDOW, (i + 1) * WINDOW));
}

function argmax(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
