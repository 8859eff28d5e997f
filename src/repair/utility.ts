import type { Intervention, Model } from '../engine/index.js';
import {
  clusteredRate,
  type Difference,
  type Journal,
  pairedMeans,
  type Rate,
} from '../evaluate/index.js';
import { divergence, logProbabilities, mean } from '../stats/index.js';
import { type Applied, type Candidate, type OrdinaryLoss, steering } from '../steer/index.js';
import type { ChatMessage } from '../text/index.js';

/** An ordinary task, with nothing to do with security: what a repair must leave as it is. */
export interface OrdinaryTask {
  id: string;
  /** The user message. */
  prompt: string;
  /** A right answer. */
  reference: string;
}

/** Whether an answer to an ordinary task is right. */
export type IsRight = (task: OrdinaryTask, answer: string) => Promise<boolean>;

/** Where nobody runs the answers: right is the reference, to the letter. */
export const isReference: IsRight = async ({ reference }, answer) =>
  answer.trim() === reference.trim();

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
  options: { maxNewTokens: number; isRight: IsRight; signal?: AbortSignal | undefined },
): Promise<Utility[]> {
  const { maxNewTokens, isRight, signal } = options;
  const found: { right: boolean[]; text: TextFigures }[] = [];
  let plain: Float32Array[] | undefined;
  for (const { vector, preamble } of [{}, ...conditions] as UtilityCondition[]) {
    const messages = tasks.map(({ prompt }) => asked(preamble ? `${preamble}\n${prompt}` : prompt));
    const { samples } = await model.generate(
      { messages },
      {
        maxNewTokens,
        interventions: vector ? [steering(vector.applied, vector.vector)] : [],
        ...(signal && { signal }),
      },
    );
    const right = await Promise.all(
      samples.map(({ prompt, text }) => isRight(tasks[prompt]!, text)),
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

/** One family of tasks in three bounds the choice of settings; the others judge what was chosen. */
export function splitTasks(tasks: readonly OrdinaryTask[]): {
  bound: OrdinaryTask[];
  judged: OrdinaryTask[];
} {
  const families = [...new Set(tasks.map(baseOf))];
  const bounds = (task: OrdinaryTask) => families.indexOf(baseOf(task)) % 3 === 1;
  return {
    bound: tasks.filter(bounds),
    judged: tasks.filter((task) => !bounds(task)),
  };
}

/**
 * What vectors cost in ordinary tasks, answered greedily: the share that is answered rightly without them, less the share with
 * them. Undefined where there are no tasks.
 *
 * @param options.journal keeps what has been tried, by who asks (a held-out base, or `all`) and by setting
 * @returns the loss for each one who asks
 */
export async function ordinaryLoss(
  model: Model,
  tasks: readonly OrdinaryTask[],
  options: {
    maxNewTokens: number;
    isRight: IsRight;
    journal: Journal<number>;
    signal?: AbortSignal | undefined;
  },
): Promise<((who: string) => OrdinaryLoss) | undefined> {
  if (tasks.length === 0) return undefined;
  const { journal, maxNewTokens, isRight, signal } = options;
  /** Share of right answers under each of some edits. */
  const rightUnder = async (edits: readonly (readonly Intervention[])[]): Promise<number[]> => {
    const rows = edits.flatMap((own) => tasks.map((task) => ({ task, own })));
    const { samples } = await model.generate(
      { messages: rows.map(({ task }) => asked(task.prompt)) },
      {
        maxNewTokens,
        interventions: rows.flatMap(({ own }, row) =>
          own.map((edit) => ({ ...edit, rows: [row] })),
        ),
        maxBatch: 128,
        ...(signal && { signal }),
      },
    );
    const right = await Promise.all(
      samples.map(({ prompt, text }) => isRight(rows[prompt]!.task, text)),
    );
    return edits.map((_, i) =>
      mean(right.slice(i * tasks.length, (i + 1) * tasks.length).map(Number)),
    );
  };
  const [plain] = await rightUnder([[]]);
  return (who) => async (candidates) => {
    const keyOf = ({ method, site, layer, reach, strength }: Candidate) =>
      [who, method, site, layer, reach, strength].join(' ');
    const fresh = candidates.filter((one) => journal.get(keyOf(one)) === undefined);
    const shares =
      fresh.length === 0 ? [] : await rightUnder(fresh.map((one) => [steering(one, one.vector)]));
    for (const [i, one] of fresh.entries()) journal.add(keyOf(one), plain! - shares[i]!);
    return candidates.map((one) => journal.get(keyOf(one))!);
  };
}

const asked = (content: string): ChatMessage[] => [{ role: 'user', content }];

/** Tasks that vary one another are alike: `gcd/neutral` is of `gcd`. */
const baseOf = ({ id }: OrdinaryTask): string => id.split('/')[0]!;

interface Row {
  ids: number[];
  promptLength: number;
  reference: string;
}

function rowOf(model: Model, messages: ChatMessage[], reference: string): Row {
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
