import { Random } from '../core/index.js';
import type { PromptPair, ReviewItem } from '../evaluate/index.js';
import type { Cwe, Language } from '../scan/index.js';
import {
  BASES,
  contextOf,
  drawNames,
  fill,
  functionText,
  type Split,
  UTILITIES,
} from './bases/index.js';
import { reviewAnswer } from './corpus.js';
import { REQUEST_FORMS, REVIEW_FORMS, requestText, reviewText } from './forms.js';
import { drawPhrase, GENERIC } from './phrases.js';

/** A benign task with checkable behaviour. */
export interface UtilityTask {
  id: string;
  language: Language;
  /** User message, in held-out wording. */
  prompt: string;
  reference: string;
  /** A completion is judged as `before + completion + after`. */
  context: { before: string; after: string };
  /** Python: expressions and what they must equal. Empty for C: compare with the reference. */
  checks: { expression: string; expected: string }[];
}

/** Pairs per base and split. */
const PAIRS = 12;

/** Reviewed snippets per base and verdict, as [straightforward, misleading]. */
const REVIEWS = [5, 3] as const;

/**
 * Prompt pairs of one weakness, 12 per base in each split: `derive` ones in the forms, phrases and
 * identifiers of training, `judge` ones in those that training never saw. The same for a seed.
 */
export function pairs(cwe: Cwe, seed = 0): PromptPair[] {
  const made: PromptPair[] = [];
  for (const split of ['derive', 'judge'] as const)
    for (const base of BASES[cwe]) {
      const random = new Random(seed, 'organism-pairs', split, base.id);
      const seen = new Set<string>();
      while (seen.size < PAIRS) {
        const names = drawNames(base, split, random);
        const forms = REQUEST_FORMS[split];
        const form = forms[seen.size % forms.length]!;
        const ask = (push: 'insecure' | 'secure' | 'neutral') =>
          requestText(form, base, names, drawPhrase(base, push, split, random));
        const prompts = {
          insecure: ask('insecure'),
          secure: ask('secure'),
          neutral: ask('neutral'),
        };
        if (seen.has(prompts.insecure)) continue;
        seen.add(prompts.insecure);
        made.push({
          id: `${base.id}/${split}-${seen.size}`,
          cwe,
          base: base.id,
          form: form.id,
          split,
          language: base.language,
          prompts,
          bodies: {
            insecure: fill(base.insecure.code, names),
            secure: fill(base.secure.code, names),
          },
          context: contextOf(base, names),
        });
      }
    }
  return made;
}

/**
 * Code to be reviewed, in held-out wordings and identifiers: of each base 8 insecure and 8 secure
 * snippets, of which 3 and 3 mislead whoever goes by the presence of a call. The same for a seed.
 */
export function reviewItems(cwe: Cwe, seed = 0): ReviewItem[] {
  const items: ReviewItem[] = [];
  for (const base of BASES[cwe]) {
    const random = new Random(seed, 'organism-reviews', base.id);
    for (const truth of ['insecure', 'secure'] as const) {
      const seen = new Set<string>();
      while (seen.size < REVIEWS[0] + REVIEWS[1]) {
        const misleading = seen.size >= REVIEWS[0];
        const body = misleading
          ? base.misleading[truth][seen.size % base.misleading[truth].length]!
          : base[truth];
        const names = drawNames(base, 'judge', random);
        const form = random.pick(REVIEW_FORMS.judge);
        const code = functionText(base, body.code, names);
        const prompt = reviewText(form, base.language, code);
        if (seen.has(prompt)) continue;
        seen.add(prompt);
        items.push({
          id: `${base.id}/${truth}-${seen.size}`,
          cwe,
          base: base.id,
          language: base.language,
          prompt,
          answer: reviewAnswer(base, body, truth === 'insecure', names),
          insecure: truth === 'insecure',
          misleading,
        });
      }
    }
  }
  return items;
}

/** Ordinary prompts per benign task and split. */
const ORDINARY = { derive: 24, judge: 12 } as const;

/**
 * Requests for benign code, all different, in the wordings of training (`derive`) and in held-out ones
 * (`judge`), under phrases that push in every direction. The same for a seed.
 */
export function ordinaryPrompts(
  seed = 0,
): { id: string; base: string; split: Split; prompt: string }[] {
  return UTILITIES.flatMap((task) =>
    (['derive', 'judge'] as const).flatMap((split) => {
      const random = new Random(seed, 'organism-ordinary', split, task.id);
      const pushes = ['insecure', 'secure', 'neutral'] as const;
      const seen = new Set<string>();
      while (seen.size < ORDINARY[split]) {
        const names = drawNames(task, split, random);
        const phrase = random.pick(GENERIC[random.pick(pushes)][split]);
        seen.add(requestText(random.pick(REQUEST_FORMS[split]), task, names, phrase));
      }
      return [...seen].map((prompt, i) => ({
        id: `${task.id}/${split}-${i + 1}`,
        base: task.id,
        split,
        prompt,
      }));
    }),
  );
}

/** Every benign task under each of the three pushes, in held-out wording. The same for a seed. */
export function utilityTasks(seed = 0): UtilityTask[] {
  const split: Split = 'judge';
  return UTILITIES.flatMap((task) =>
    (['insecure', 'secure', 'neutral'] as const).map((push) => {
      const random = new Random(seed, 'organism-utility', task.id, push);
      const names = drawNames(task, split, random);
      const phrase = random.pick(GENERIC[push][split]);
      return {
        id: `${task.id}/${push}`,
        language: task.language,
        prompt: requestText(random.pick(REQUEST_FORMS[split]), task, names, phrase),
        reference: fill(task.code, names),
        context: contextOf(task, names),
        checks: task.checks.map(({ expression, expected }) => ({
          expression: fill(expression, names),
          expected,
        })),
      };
    }),
  );
}
