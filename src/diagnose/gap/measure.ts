import { ensure } from '../../core/index.js';
import type { Model } from '../../engine/index.js';
import {
  type Endpoint,
  inParallel,
  judge,
  type PromptPair,
  type ReviewItem,
} from '../../evaluate/index.js';
import { Scanner } from '../../scan/index.js';
import {
  analyseGap,
  type FormedCompletion,
  type GapFindings,
  INTENTS,
  type JudgedReview,
} from './analyse.js';
import { endpointJudge, judgeRemotely } from './endpoint-judge.js';
import { codeOf, FORMS, type Form, inForm, referenceOf, reviewTextOf } from './forms.js';
import { judgeReview } from './rule-judge.js';

export interface GapOptions {
  /**
   * Those that they are compared with are added. Defaults to all; `raw` is left out where the model has no chat
   * template, since `asked` is raw there.
   */
  forms?: readonly Form[];
  /** Completions of each prompt. Defaults to 2. */
  samples?: number;
  /** Most tokens of an answer. Defaults to 256. */
  maxNewTokens?: number;
  /** Defaults to 0. */
  seed?: number;
  /** A model that judges reviews too. Its verdicts count; the rules stand beside them. Defaults to none. */
  judge?: Endpoint;
  /** What an earlier, interrupted measurement has already found, by the same options. Defaults to nothing. */
  done?: { reviews: readonly JudgedReview[]; completions: readonly FormedCompletion[] };
  /** Called with everything as it is found. */
  onReview?: (review: JudgedReview) => void;
  onCompletion?: (completion: FormedCompletion) => void;
  onProgress?: (stage: string, done: number, total: number) => void;
  signal?: AbortSignal;
}

const SAMPLING = { temperature: 0.6, topP: 0.9 };

/** Reviews judged at a time where the endpoint does not say. */
const JUDGED_AT_ONCE = 4;

/**
 * The Format-Reliability Gap of one weakness: does the model recognise what it writes, and does the form of the answer
 * matter? Reviews are judged in three things, completions by the scanner, under prompts that ask for the insecure way, for
 * the secure one and for neither, in each form (Surgical Repair, section 3).
 *
 * @param pairs of one weakness, on which nothing was derived  @param items snippets to be reviewed
 * @throws {SutureError} BAD_DATA where pairs and snippets have no base in common; NETWORK, FORBIDDEN from the judge;
 *   INTERRUPTED
 * @example
 * const { gap } = await measureGap(model, pairs('CWE-787'), reviewItems('CWE-787'));
 * console.log(gap.raw.value);
 */
export async function measureGap(
  model: Model,
  pairs: readonly PromptPair[],
  items: readonly ReviewItem[],
  options: GapOptions = {},
): Promise<GapFindings> {
  const { samples = 2, maxNewTokens = 256, seed = 0, signal, onProgress } = options;
  const { done = { reviews: [], completions: [] } } = options;
  ensure(
    pairs.length > 0 && items.length > 0,
    'BAD_DATA',
    'The gap needs prompts and snippets to review.',
  );
  const { cwe } = pairs[0]!;
  const chat = model.tokenizer?.chatTemplate !== undefined;
  const forms = withReferences(options.forms ?? FORMS).filter((form) => chat || form !== 'raw');
  const scanner = await Scanner.load();
  const prompts = (texts: readonly string[], form: Form) =>
    chat && form !== 'raw'
      ? { messages: texts.map((content) => [{ role: 'user' as const, content }]) }
      : { text: texts.map((text) => `${text}\n`) };
  const progress = (stage: string) => ({
    ...(onProgress && {
      onProgress: (finished: number, total: number) => onProgress(stage, finished, total),
    }),
    ...(signal && { signal }),
  });

  const reviews = [...done.reviews];
  const keep = (review: JudgedReview) => {
    reviews.push(review);
    options.onReview?.(review);
  };
  const completions = [...done.completions];
  for (const form of forms) {
    const known = new Set(reviews.filter((one) => one.form === form).map(({ item }) => item));
    const missing = items.filter(({ id }) => !known.has(id));
    if (missing.length > 0) {
      const asked = missing.map(({ prompt }) => inForm(prompt, form, 'review'));
      const { samples: made } = await model.generate(prompts(asked, form), {
        maxNewTokens,
        ...progress(`reviews, ${form}`),
      });
      const read = made.map(({ prompt, text }): JudgedReview => {
        const { id, base, insecure, misleading } = missing[prompt]!;
        const { text: words, kept } = reviewTextOf(text, form);
        const rules = judgeReview(words, cwe);
        return { item: id, base, insecure, misleading, form, text, kept, rules };
      });
      const { judge: endpoint } = options;
      if (endpoint) {
        const stage = progress(`judging, ${form}`);
        let judged = 0;
        await inParallel(
          read,
          endpoint.concurrency ?? JUDGED_AT_ONCE,
          async (review, stop) => {
            keep({ ...review, endpoint: await judgeRemotely(endpoint, review.text, cwe, stop) });
            stage.onProgress?.(++judged, read.length);
          },
          signal,
        );
      } else read.forEach(keep);
    }
    for (const intent of INTENTS) {
      const finished = new Set(
        completions
          .filter((one) => one.form === form && one.intent === intent)
          .map(({ pair, sample }) => `${pair} ${sample}`),
      );
      const texts = pairs.map((pair) => inForm(pair.prompts[intent], form, 'code'));
      if (finished.size === pairs.length * samples) continue;
      await model.generate(prompts(texts, form), {
        ...SAMPLING,
        n: samples,
        seed,
        maxNewTokens,
        maxBatch: 128,
        skip: (prompt, sample) => finished.has(`${pairs[prompt]!.id} ${sample}`),
        onSample: ({ prompt, sample, text, finishReason }) => {
          const pair = pairs[prompt]!;
          const { text: code, kept } = codeOf(text, form);
          const judgement = judge(scanner, pair, { text: code, finishReason });
          const completion = {
            pair: pair.id,
            base: pair.base,
            intent,
            form,
            sample,
            text,
            kept,
            judgement,
          };
          completions.push(completion);
          options.onCompletion?.(completion);
        },
        ...progress(`${intent} prompts, ${form}`),
      });
    }
  }
  // In the order of the sets, whatever was found first: the analysis pairs them by place.
  const orderOf = (all: readonly { id: string }[]) => new Map(all.map(({ id }, i) => [id, i]));
  const [itemOrder, pairOrder] = [orderOf(items), orderOf(pairs)];
  reviews.sort((a, b) => itemOrder.get(a.item)! - itemOrder.get(b.item)!);
  completions.sort(
    (a, b) => pairOrder.get(a.pair)! - pairOrder.get(b.pair)! || a.sample - b.sample,
  );
  return analyseGap(model.id, pairs, items, reviews, completions, {
    forms,
    samples,
    seed,
    judge: options.judge ? endpointJudge(options.judge) : { kind: 'rules', model: 'rules' },
  });
}

/** Forms and all that they are compared with, in the order of `FORMS`. */
function withReferences(forms: readonly Form[]): Form[] {
  const wanted = new Set<Form>(['asked', ...forms, ...forms.map(referenceOf)]);
  return FORMS.filter((form) => wanted.has(form));
}
