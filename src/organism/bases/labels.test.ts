import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../core/index.js';
import { Scanner } from '../../scan/index.js';
import { ALL_BASES, type Base, contextOf, drawNames, fill, UTILITIES } from './index.js';

describe('labels', () => {
  let scanner: Scanner;
  beforeAll(async () => {
    scanner = await Scanner.load();
  });

  const verdictOf = (base: Base, code: string, split: 'derive' | 'judge') => {
    const names = drawNames(base, split, new Random(5, base.id, split));
    const { before, after } = contextOf(base, names);
    const { outcome, problems } = scanner.classify(
      before + fill(code, names) + after,
      base.language,
      base.cwe,
    );
    return { outcome, problems };
  };

  it.each(ALL_BASES)('$id: the scanner agrees on both twins', (base) => {
    for (const split of ['derive', 'judge'] as const)
      for (const outcome of ['insecure', 'secure'] as const)
        expect(verdictOf(base, base[outcome].code, split)).toEqual({ outcome, problems: [] });
  });

  it.each(ALL_BASES)('$id: the scanner is not misled', (base) => {
    for (const { code } of base.misleading.insecure)
      expect(verdictOf(base, code, 'judge')).toEqual({ outcome: 'insecure', problems: [] });
    // Code that handles constants only has nothing to be judged: `other` is right for it too.
    for (const { code } of base.misleading.secure) {
      const { outcome, problems } = verdictOf(base, code, 'judge');
      expect(problems).toEqual([]);
      expect(['secure', 'other']).toContain(outcome);
    }
  });

  it.each(UTILITIES)('$id: is well-formed and of no weakness', (task) => {
    const names = drawNames(task, 'judge', new Random(6, task.id));
    const { before, after } = contextOf(task, names);
    const source = before + fill(task.code, names) + after;
    const weaknesses = ALL_BASES.filter(({ language }) => language === task.language);
    for (const cwe of new Set(weaknesses.map((base) => base.cwe))) {
      const verdict = scanner.classify(source, task.language, cwe);
      expect(verdict).toMatchObject({ parses: true, problems: [] });
      expect(verdict.outcome).not.toBe('insecure');
    }
  });
});
