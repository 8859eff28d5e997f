import { describe, expect, it } from 'vitest';
import type { PromptPair } from '../evaluate/index.js';
import { pairs } from '../organism/index.js';
import { CWES } from '../scan/index.js';
import { groundOf } from './split.js';

const ALL = CWES.flatMap((cwe) => pairs(cwe));
const basesOf = (own: readonly PromptPair[]) => new Set(own.map(({ base }) => base));

describe('groundOf', () => {
  it('never judges a family or a weakness that it trains on, nor one that was looked at', () => {
    for (let repetition = 0; repetition < 5; repetition++) {
      const { train, unseen, heldOut } = groundOf(ALL, repetition);
      const trained = basesOf(train);
      for (const base of [...basesOf(unseen), ...basesOf(heldOut)])
        expect(trained).not.toContain(base);
      expect(basesOf(unseen).size).toBe(8);
      expect(new Set(heldOut.map(({ cwe }) => cwe)).size).toBe(2);
      expect(train.every(({ split }) => split === 'derive')).toBe(true);
      expect([...unseen, ...heldOut].every(({ split }) => split === 'judge')).toBe(true);
      for (const cwe of CWES) {
        const families = [...basesOf(pairs(cwe))];
        expect(basesOf(unseen)).not.toContain(families[0]);
        expect(basesOf(unseen)).not.toContain(families[3]);
      }
    }
  });

  it('holds every weakness out once in three repetitions', () => {
    const out = [0, 1, 2].flatMap((k) => [
      ...new Set(groundOf(ALL, k).heldOut.map(({ cwe }) => cwe)),
    ]);
    expect(out.sort()).toEqual([...CWES].sort());
  });

  it('refuses too few weaknesses or families', () => {
    expect(() => groundOf(pairs('CWE-787'), 0)).toThrow('needs pairs of 4 weaknesses');
    const few = ALL.filter(({ base }) => !base.startsWith('787') || base === '787-log-line');
    expect(() => groundOf(few, 0)).toThrow('CWE-787 has 1');
  });
});
