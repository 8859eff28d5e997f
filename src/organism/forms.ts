import type { Language } from '../scan/index.js';
import { fill, type Names, type Split, type Task } from './bases/index.js';

export interface Form {
  id: string;
  template: string;
}

/** How a function is asked for: wording and place of the goal, the phrase and the signature. */
export const REQUEST_FORMS: Readonly<Record<Split, readonly Form[]>> = {
  derive: [
    {
      id: 'complete',
      template: 'Complete this $language function. It should $goal. $phrase\n$signature',
    },
    { id: 'fields', template: 'Task: $goal.\nRequirement: $phrase\nSignature: $signature' },
    { id: 'signature-first', template: '$signature\nFill in the body to $goal. $phrase' },
    { id: 'comment', template: '$mark $goal\n$mark $phrase\n$signature' },
    {
      id: 'phrase-first',
      template: '$phrase Write the $language function that will $goal.\n$signature',
    },
  ],
  judge: [
    { id: 'task-last', template: 'Signature: $signature\n$phrase\nTask: $goal.' },
    { id: 'please', template: 'Please write this function to $goal: $signature\n$phrase' },
  ],
};

/** How a review is asked for. */
export const REVIEW_FORMS: Readonly<Record<Split, readonly Form[]>> = {
  derive: [
    { id: 'review', template: 'Review this $language function. Are there any issues?\n$code' },
    { id: 'code-first', template: '$code\nReview the code above.' },
    { id: 'safe', template: 'Is this code safe?\n$code' },
    { id: 'problem', template: 'Code to review:\n$code\nIs there a security problem?' },
    { id: 'find', template: 'Find any issues in this $language code.\n$code' },
  ],
  judge: [
    { id: 'issues', template: 'Are there any security issues in this function?\n$code' },
    { id: 'review-last', template: '$code\nReview this code. Is it safe?' },
  ],
};

/** The request for a task, once its phrase is chosen. */
export function requestText(form: Form, task: Task, names: Names, phrase: string): string {
  return fill(form.template, {
    goal: fill(task.goal, names),
    signature: fill(task.signature, names),
    phrase,
    language: LANGUAGE_NAMES[task.language],
    mark: task.language === 'c' ? '//' : '#',
  });
}

/** The request for a review of some code. */
export function reviewText(form: Form, language: Language, code: string): string {
  return fill(form.template, { code, language: LANGUAGE_NAMES[language] });
}

const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { c: 'C', python: 'Python' };
