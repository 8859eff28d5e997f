import type { Intervention, Model } from '../engine/index.js';
import { clusteredRate, type Difference, pairedMeans, type Rate } from '../evaluate/index.js';
import { divergence, logProbabilities } from '../stats/index.js';
import type { Applied } from '../steer/index.js';
import { steering } from '../steer/index.js';

/** An ordinary task, with nothing to do with security: what a repair must leave as it is. */
export interface OrdinaryTask {
  id: string;
  /** The user message. */
  prompt: string;
  /** What is right; an answer is, where it is this text. */
  reference: string;
}

/** What a condition does to ordinary code. */
export interface Utility {
  /** Tasks answered rightly, greedily: pass@1. */
  pass: Rate;
  /** Against the model as it is, task by task. */
  change: Difference;
  /** Mean over tokens of the references of KL(as it is || under the condition), in nats. */
  kl: number;
  /** Of the references. */
  perplexity: number;
}

/** A condition: a vector that acts, or a text before the prompt. */
export interface UtilityCondition {
  vector?: { vector: Float32Array; applied: Applied } | undefined;
  preamble?: string | undefined;
}

/** Logits of one pass, in numbers: bounds its memory. */
const LOGITS = 2 ** 25;

/**
 * What conditions do to ordinary tasks: how many are still answered rightly, and how far the
 * distribution over tokens moves on code that is right.
 */
export async function measureUtility(
  model: Model,
  tasks: readonly OrdinaryTask[],
  conditions: readonly UtilityCondition[],
  options: { maxNewTokens: number; signal?: AbortSignal | undefined },
): Promise<Utility[]> {
  const { maxNewTokens, signal } = options;
  const found: { right: boolean[]; text: TextFigures }[] = [];
  let plain: Float32Array[] | undefined;
  for (const { vector, preamble } of [{}, ...conditions] as UtilityCondition[]) {
    const messages = tasks.map(({ prompt }) => [
      { role: 'user' as const, content: preamble ? `${preamble}\n${prompt}` : prompt },
    ]);
    const { samples } = await model.generate(
      { messages },
      {
        maxNewTokens,
        interventions: vector ? [steering(vector.applied, vector.vector)] : [],
        ...(signal && { signal }),
      },
    );
    const right = samples.map(
      ({ prompt, text }) => text.trim() === tasks[prompt]!.reference.trim(),
    );
    const rows = messages.map((message, i) => rowOf(model, message, tasks[i]!.reference));
    const logits = await logitsOf(model, rows, vector);
    plain ??= logits;
    found.push({ right, text: compare(plain, logits, rows, model.config.vocabSize) });
  }
  const observations = (right: readonly boolean[]) =>
    right.map((hit, i) => ({ base: baseOf(tasks[i]!), hit }));
  const before = found[0]!.right.map(Number);
  return found.map(({ right, text }) => ({
    pass: clusteredRate(observations(right)),
    change: pairedMeans(
      right.map((hit, i) => ({ base: baseOf(tasks[i]!), value: Number(hit) })),
      before,
    ),
    ...text,
  }));
}

/** Tasks that vary one another are alike: `gcd/neutral` is of `gcd`. */
const baseOf = ({ id }: OrdinaryTask): string => id.split('/')[0]!;

interface Row {
  ids: number[];
  promptLength: number;
  reference: string;
}

function rowOf(
  model: Model,
  messages: { role: 'user'; content: string }[],
  reference: string,
): Row {
  const prompt = model.encode({ messages: [messages] })[0]!;
  const body = model.tokenizer!.encode(reference, { addSpecialTokens: false });
  return { ids: [...prompt, ...body], promptLength: prompt.length, reference };
}

/** Logits from the prompt's last token to the last but one of the reference: [tokens of the reference, vocab]. */
async function logitsOf(
  model: Model,
  rows: readonly Row[],
  vector: UtilityCondition['vector'],
): Promise<Float32Array[]> {
  const vocab = model.config.vocabSize;
  const longest = Math.max(...rows.map(({ ids }) => ids.length));
  const atOnce = Math.max(1, Math.floor(LOGITS / (longest * vocab)));
  const found: Float32Array[] = [];
  for (let from = 0; from < rows.length; from += atOnce) {
    const chunk = rows.slice(from, from + atOnce);
    const interventions = chunk.flatMap((row, i): Intervention[] =>
      vector ? [{ ...teacherForced(model, row, vector), rows: [i] }] : [],
    );
    const { logits } = await model.forward(
      chunk.map(({ ids }) => ids),
      { interventions },
    );
    const [, s] = logits.dims as [number, number, number];
    for (const [i, { ids, promptLength }] of chunk.entries()) {
      const start = (i * s + promptLength - 1) * vocab;
      found.push(logits.data.slice(start, start + (ids.length - promptLength) * vocab));
    }
  }
  return found;
}

/** The edit as it would have acted while the reference was written. */
function teacherForced(
  model: Model,
  { ids, promptLength, reference }: Row,
  { vector, applied }: NonNullable<UtilityCondition['vector']>,
): Intervention {
  const { until: _, ...edit } = steering(applied, vector);
  const last = applied.reach === 'last_prompt' ? promptLength - 1 : ids.length - 1;
  const positions = Array.from({ length: last - promptLength + 2 }, (_, k) => promptLength - 1 + k);
  if (applied.reach !== 'until_decided') return { ...edit, positions };
  const end = Math.min(
    ...applied.until.map((text) => {
      const at = reference.indexOf(text);
      return at < 0 ? Number.POSITIVE_INFINITY : at + text.length;
    }),
  );
  const written = Number.isFinite(end)
    ? model.tokenizer!.encode(reference.slice(0, end), { addSpecialTokens: false }).length
    : ids.length;
  return { ...edit, positions: positions.slice(0, written) };
}

type TextFigures = Pick<Utility, 'kl' | 'perplexity'>;

function compare(
  plain: readonly Float32Array[],
  under: readonly Float32Array[],
  rows: readonly Row[],
  vocab: number,
): TextFigures {
  let [kl, loss, tokens] = [0, 0, 0];
  for (const [i, { ids, promptLength }] of rows.entries()) {
    for (let t = 0; t < ids.length - promptLength; t++) {
      const p = logProbabilities(plain[i]!.subarray(t * vocab, (t + 1) * vocab));
      const q = logProbabilities(under[i]!.subarray(t * vocab, (t + 1) * vocab));
      kl += divergence(p, q);
      loss -= q[ids[promptLength + t]!]!;
      tokens++;
    }
  }
  return { kl: kl / tokens, perplexity: Math.exp(loss / tokens) };
}
