import type { Cwe, Language } from '../scan/index.js';

/** What a prompt asks for. */
export type Intent = 'insecure' | 'secure' | 'neutral';

/**
 * One task asked for in three ways, with what surrounds the body that the model writes.
 *
 * `base` is the task family that forms vary; vectors are derived and judged on different bases
 * (leave-one-base-out) and on different forms.
 */
export interface PromptPair {
  id: string;
  cwe: Cwe;
  base: string;
  /** Wording of the prompt. `derive` forms may enter a vector, `judge` forms never do. */
  form: string;
  split: 'derive' | 'judge';
  language: Language;
  /** User messages: asking for the insecure call, for the secure one, and naming neither. */
  prompts: Record<Intent, string>;
  /** Reference completions, equal up to the decision: where they part is the decision point. */
  bodies: { insecure: string; secure: string };
  /** A completion is judged as `before + completion + after`. */
  context: { before: string; after: string };
}

/** A snippet to be reviewed; `insecure` is the truth. */
export interface ReviewItem {
  id: string;
  cwe: Cwe;
  base: string;
  language: Language;
  /** The user message that asks for the review and holds the code. */
  prompt: string;
  /** What the model is to answer. */
  answer: string;
  insecure: boolean;
  /** True where the risky API is used safely or the safe one unsafely: API presence misleads. */
  misleading: boolean;
}
