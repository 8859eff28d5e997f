import { describe, expect, it } from 'vitest';
import { Auditor } from '../audit.js';
import { GRAMMARS } from '../parse.js';
import { RULES } from './index.js';

const auditor = await Auditor.load(GRAMMARS);

describe.each(RULES.map((rule) => [rule.id, rule] as const))('%s', (_, rule) => {
  const judge = (language: (typeof GRAMMARS)[number], code: string) => {
    const { verdicts } = auditor.scan(code, language, { cwes: [rule.cwe] });
    return verdicts[0]!;
  };

  it.each(rule.bad)('finds the flaw in $language: $code', ({ language, code }) => {
    const { verdict, findings } = judge(language, code);
    expect(verdict).toBe('insecure');
    expect(findings.map((finding) => finding.rule)).toContain(rule.id);
  });

  it.each(rule.good)('shows the safe form in $language: $code', ({ language, code }) => {
    expect(judge(language, code)).toMatchObject({ verdict: 'secure', findings: [] });
  });

  it('has examples of both kinds in a language that it reads', () => {
    for (const list of [rule.bad, rule.good]) {
      expect(list.length).toBeGreaterThan(0);
      for (const { language } of list) expect(rule.languages).toContain(language);
    }
  });

  it('says what it catches, what it misses and what to do', () => {
    for (const text of [rule.title, rule.catches, rule.misses, rule.remedy])
      expect(text).toMatch(/^[A-Z`“].{10,}/);
  });
});

describe('the rules', () => {
  it('have names of their own', () => {
    expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
  });
});
