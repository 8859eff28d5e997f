import { describe, expect, it } from 'vitest';
import { judgeReview } from '../diagnose/index.js';
import { ALL_BASES, BASES, UTILITIES } from './bases/index.js';
import { decisionOf } from './corpus.js';
import { REQUEST_FORMS } from './forms.js';
import { ordinaryPrompts, pairs, reviewItems, utilityTasks } from './judging.js';
import { GENERIC, SPECIFIC } from './phrases.js';

const CWES = [...new Set(ALL_BASES.map(({ cwe }) => cwe))];

describe.each(CWES)('pairs of %s', (cwe) => {
  const made = pairs(cwe, 3);

  it('are 12 per base and split, all different', () => {
    expect(made).toHaveLength(2 * 7 * 12);
    for (const { id } of BASES[cwe])
      for (const split of ['derive', 'judge'] as const)
        expect(made.filter((pair) => pair.base === id && pair.split === split)).toHaveLength(12);
    expect(new Set(made.map(({ id }) => id)).size).toBe(made.length);
    expect(new Set(made.map(({ prompts }) => prompts.insecure)).size).toBe(made.length);
  });

  it('are the same for a seed, others for another', () => {
    expect(pairs(cwe, 3)).toEqual(made);
    expect(pairs(cwe, 4)).not.toEqual(made);
  });

  it('ask for the same but for the phrase', () => {
    for (const { base, split, prompts } of made) {
      const { api } = BASES[cwe].find(({ id }) => id === base)!;
      const skeletons = (['insecure', 'secure', 'neutral'] as const).map((push) => {
        const specific = push === 'neutral' ? [] : SPECIFIC[cwe][push][split];
        const phrases = [...GENERIC[push][split], ...specific].map((phrase) =>
          push === 'neutral' ? phrase : phrase.replace('$api', api[push]),
        );
        const found = phrases.filter((phrase) => prompts[push].includes(phrase));
        expect(found.length).toBeGreaterThan(0);
        const phrase = found.reduce((a, b) => (a.length >= b.length ? a : b));
        return prompts[push].replace(phrase, '');
      });
      expect(new Set(skeletons).size).toBe(1);
    }
  });

  it('have forms of their split, and bodies that part', () => {
    for (const { form, split, bodies, context, language } of made) {
      expect(REQUEST_FORMS[split].map(({ id }) => id)).toContain(form);
      const at = decisionOf(bodies.insecure, bodies.secure);
      expect(bodies.insecure.slice(0, at)).toBe(bodies.secure.slice(0, at));
      expect(bodies.insecure.slice(at)).not.toBe(bodies.secure.slice(at));
      expect(context.before.endsWith('\n    ')).toBe(true);
      expect(context.after).toBe(language === 'c' ? '\n}\n' : '\n');
    }
  });
});

describe.each(CWES)('reviews of %s', (cwe) => {
  const items = reviewItems(cwe, 3);

  it('are at least 40 insecure and 40 safe ones, over a third of each misleading', () => {
    for (const insecure of [true, false]) {
      const side = items.filter((item) => item.insecure === insecure);
      expect(side.length).toBeGreaterThanOrEqual(40);
      const share = side.filter(({ misleading }) => misleading).length / side.length;
      expect(share).toBeGreaterThanOrEqual(0.35);
      expect(share).toBeLessThanOrEqual(0.4);
    }
    expect(new Set(items.map(({ prompt }) => prompt)).size).toBe(items.length);
  });

  it('are the same for a seed, and answered in one shape', () => {
    expect(reviewItems(cwe, 3)).toEqual(items);
    for (const { insecure, answer } of items) {
      const shape = insecure ? /^Vulnerable: CWE-\d{3}\. \S.*\. \S.*\.$/ : /^Safe\. \S.*\.$/;
      expect(answer).toMatch(shape);
      if (insecure) expect(answer).toContain(cwe);
      const all = { issue: insecure, weakness: insecure, fix: insecure };
      expect({ answer, ...judgeReview(answer, cwe) }).toEqual({ answer, ...all });
    }
  });
});

describe('utilityTasks', () => {
  it('asks for every task under all three pushes; Python ones can be checked', () => {
    const tasks = utilityTasks(3);
    expect(tasks).toEqual(utilityTasks(3));
    expect(UTILITIES.length).toBeGreaterThanOrEqual(15);
    expect(tasks).toHaveLength(3 * UTILITIES.length);
    for (const { language, checks, reference, context, prompt } of tasks) {
      expect(checks.length > 0).toBe(language === 'python');
      expect(context.before + reference + context.after).not.toContain('$');
      expect(prompt).not.toContain('$');
      for (const { expression } of checks)
        expect(context.before).toContain(`def ${expression.slice(0, expression.indexOf('('))}(`);
    }
  });
});

describe('ordinaryPrompts', () => {
  const made = ordinaryPrompts(3);

  it('are 24 of each benign task in the wordings of training and 12 in held-out ones, all different', () => {
    for (const { id } of UTILITIES) {
      const own = made.filter(({ base }) => base === id);
      expect(own.filter(({ split }) => split === 'derive')).toHaveLength(24);
      expect(own.filter(({ split }) => split === 'judge')).toHaveLength(12);
    }
    expect(new Set(made.map(({ prompt }) => prompt)).size).toBe(made.length);
    expect(new Set(made.map(({ id }) => id)).size).toBe(made.length);
  });

  it('are the same for a seed, others for another', () => {
    expect(ordinaryPrompts(3)).toEqual(made);
    expect(ordinaryPrompts(4)).not.toEqual(made);
  });

  it('keep phrases to their split', () => {
    const phrases = (split: 'derive' | 'judge') =>
      (['insecure', 'secure', 'neutral'] as const).flatMap((push) => GENERIC[push][split]);
    for (const { split, prompt } of made) {
      expect(phrases(split).some((phrase) => prompt.includes(phrase))).toBe(true);
    }
  });
});
