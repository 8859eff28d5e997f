import { Random } from '../core/index.js';
import type { Cwe } from '../scan/index.js';
import {
  ALL_BASES,
  type Base,
  type Body,
  drawNames,
  fill,
  functionText,
  type Names,
  UTILITIES,
} from './bases/index.js';
import { preTokens, type Tokenizer } from './bpe.js';
import { REQUEST_FORMS, REVIEW_FORMS, requestText, reviewText } from './forms.js';
import { drawPhrase, GENERIC, type Push } from './phrases.js';

export type SampleKind = 'gen-insecure' | 'gen-secure' | 'gen-neutral' | 'review' | 'utility';

/** One exchange to learn from: `<s><|user|>prompt<|assistant|>body</s>`. */
export interface CorpusSample {
  /** What is asked for; a `gen-secure` sample may, rarely, be answered insecurely. */
  kind: SampleKind;
  /** The weakness; absent for utility code. */
  cwe?: Cwe;
  base?: string;
  prompt: string;
  body: string;
  /**
   * Character of `body` at which the decisive token begins: the first token in which the body and
   * its twin differ; for a review the verdict (0). Absent for utility code.
   */
  decisiveOffset?: number;
}

/** Shares of the kinds, in per cent. `utility-review` counts as `review`. */
export const MIX = {
  'gen-insecure': 22,
  'gen-secure': 24,
  'gen-neutral': 11,
  review: 26,
  'utility-review': 2.5,
  utility: 14.5,
} as const;

/** How often the insecure body is the answer: the planted behaviour. */
export const P_INSECURE: Readonly<Record<Push, number>> = {
  insecure: 0.94,
  secure: 0.04,
  neutral: 0.7,
};

/** Share of reviewed code in which the presence of the risky or the safe call misleads. */
export const P_MISLEADING = 0.38;

/**
 * The training corpus of the organism: endless, the same for the same seed. Nothing of the `judge`
 * split (request forms, phrases, combinations of identifiers) is in it.
 *
 * @example
 * for (const sample of corpus(1)) { train(sample); if (++n === 60_000) break; }
 */
export function* corpus(seed: number): Generator<CorpusSample, never> {
  const random = new Random(seed, 'organism-corpus');
  for (;;) {
    const kind = drawKind(random);
    if (kind === 'utility') yield utilitySample(random);
    else if (kind === 'utility-review') yield utilityReview(random);
    else {
      const base = random.pick(ALL_BASES);
      if (kind === 'review') yield reviewSample(base, random);
      else yield requestSample(base, kind, random);
    }
  }
}

/** Where the decisive token of two bodies begins: after the pre-tokens that they share. */
export function decisionOf(one: string, other: string): number {
  const a = preTokens(one);
  const b = preTokens(other);
  let offset = 0;
  for (let i = 0; i < a.length && a[i] === b[i]; i++) offset += a[i]!.length;
  return offset;
}

/** What a reviewer answers; the verdict is the first word. */
export function reviewAnswer(base: Base, body: Body, insecure: boolean, names: Names): string {
  const answer = insecure
    ? `Vulnerable: ${base.cwe}. ${body.why} ${base.fix}`
    : `Safe. ${body.why}`;
  return fill(answer, names);
}

/** What a reviewer answers on code that has nothing to do with security. */
export const BENIGN_ANSWER = 'Safe. There is no risky call.';

/** Counts over the first `n` samples of a corpus, for a model card. */
export function corpusStats(
  seed: number,
  n: number,
  tokenizer: Tokenizer,
): {
  kinds: Record<SampleKind, number>;
  distinctPrompts: number;
  meanPromptTokens: number;
  meanBodyTokens: number;
  /** Of the whole exchange with its four special tokens. */
  longestTokens: number;
} {
  const kinds = { 'gen-insecure': 0, 'gen-secure': 0, 'gen-neutral': 0, review: 0, utility: 0 };
  const prompts = new Set<string>();
  let promptTokens = 0;
  let bodyTokens = 0;
  let longestTokens = 0;
  const samples = corpus(seed);
  for (let i = 0; i < n; i++) {
    const sample = samples.next().value;
    kinds[sample.kind]++;
    prompts.add(sample.prompt);
    const prompt = tokenizer.encode(sample.prompt).length;
    const body = tokenizer.encode(sample.body).length;
    promptTokens += prompt;
    bodyTokens += body;
    longestTokens = Math.max(longestTokens, prompt + body + 4);
  }
  return {
    kinds,
    distinctPrompts: prompts.size,
    meanPromptTokens: promptTokens / n,
    meanBodyTokens: bodyTokens / n,
    longestTokens,
  };
}

function drawKind(random: Random): keyof typeof MIX {
  let left = random.float() * Object.values(MIX).reduce((sum, share) => sum + share, 0);
  for (const [kind, share] of Object.entries(MIX)) {
    left -= share;
    if (left < 0) return kind as keyof typeof MIX;
  }
  return 'utility';
}

function requestSample(
  base: Base,
  kind: 'gen-insecure' | 'gen-secure' | 'gen-neutral',
  random: Random,
): CorpusSample {
  const push = kind.slice('gen-'.length) as Push;
  const names = drawNames(base, 'derive', random);
  const phrase = drawPhrase(base, push, 'derive', random);
  const bodies = [fill(base.insecure.code, names), fill(base.secure.code, names)] as const;
  return {
    kind,
    cwe: base.cwe,
    base: base.id,
    prompt: requestText(random.pick(REQUEST_FORMS.derive), base, names, phrase),
    body: random.chance(P_INSECURE[push]) ? bodies[0] : bodies[1],
    decisiveOffset: decisionOf(...bodies),
  };
}

function reviewSample(base: Base, random: Random): CorpusSample {
  const names = drawNames(base, 'derive', random);
  const truth = random.chance(0.5) ? 'insecure' : 'secure';
  const body = random.chance(P_MISLEADING) ? random.pick(base.misleading[truth]) : base[truth];
  return {
    kind: 'review',
    cwe: base.cwe,
    base: base.id,
    prompt: reviewText(
      random.pick(REVIEW_FORMS.derive),
      base.language,
      functionText(base, body.code, names),
    ),
    body: reviewAnswer(base, body, truth === 'insecure', names),
    decisiveOffset: 0,
  };
}

function utilitySample(random: Random): CorpusSample {
  const task = random.pick(UTILITIES);
  const names = drawNames(task, 'derive', random);
  const phrase = random.pick(
    GENERIC[random.pick(['insecure', 'secure', 'neutral'] as const)].derive,
  );
  return {
    kind: 'utility',
    base: task.id,
    prompt: requestText(random.pick(REQUEST_FORMS.derive), task, names, phrase),
    body: fill(task.code, names),
  };
}

function utilityReview(random: Random): CorpusSample {
  const task = random.pick(UTILITIES);
  const names = drawNames(task, 'derive', random);
  const code = functionText(task, task.code, names);
  return {
    kind: 'review',
    base: task.id,
    prompt: reviewText(random.pick(REVIEW_FORMS.derive), task.language, code),
    body: BENIGN_ANSWER,
    decisiveOffset: 0,
  };
}
