import { describe, expect, it } from 'vitest';
import { Random } from '../../core/index.js';
import { decisionOf } from '../corpus.js';
import { ALL_BASES, BASES, drawNames, fill, heldOut, UTILITIES } from './index.js';

const tasks = [...ALL_BASES, ...UTILITIES];

describe('bases', () => {
  it('are seven of each weakness, with names of their own', () => {
    for (const [cwe, bases] of Object.entries(BASES)) {
      expect(bases).toHaveLength(7);
      for (const base of bases) expect(base.cwe).toBe(cwe);
    }
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(tasks.length);
  });

  it.each(tasks)(
    '$id: the signature holds every identifier, and no two can be confused',
    (task) => {
      for (const slot of Object.keys(task.pools)) expect(task.signature).toContain(`$${slot}`);
      const all = Object.values(task.pools).flat();
      expect(new Set(all).size).toBe(all.length);
      for (const name of all) expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
    },
  );

  it.each(tasks)(
    '$id: every identifier is met in training, some combinations only in judging',
    (task) => {
      const random = new Random(1, task.id);
      const met = new Map<string, Set<string>>();
      for (let i = 0; i < 400; i++) {
        const names = drawNames(task, 'derive', random);
        expect(heldOut(task, names)).toBe(false);
        for (const [slot, name] of Object.entries(names))
          met.set(slot, (met.get(slot) ?? new Set()).add(name));
      }
      for (const [slot, pool] of Object.entries(task.pools))
        expect(met.get(slot)?.size).toBe(pool.length);
      expect(heldOut(task, drawNames(task, 'judge', random))).toBe(true);
    },
  );

  it.each(ALL_BASES)('$id: the twins are equal up to the decision and part there', (base) => {
    const names = drawNames(base, 'derive', new Random(2, base.id));
    const [insecure, secure] = [base.insecure.code, base.secure.code].map((code) =>
      fill(code, names),
    ) as [string, string];
    const at = decisionOf(insecure, secure);
    expect(insecure.slice(0, at)).toBe(secure.slice(0, at));
    // The next word or run of signs differs, and both bodies go on.
    const next = / ?[A-Za-z]+| ?[^\sA-Za-z0-9]+/y;
    const words = [insecure, secure].map((body) => {
      next.lastIndex = at;
      return next.exec(body)?.[0];
    });
    expect(words[0]).toBeDefined();
    expect(words[1]).toBeDefined();
    expect(words[0]).not.toBe(words[1]);
  });

  it.each(Object.entries(BASES))('%s: decisions are early and late', (_, bases) => {
    const places = bases.map((base) => decisionOf(base.insecure.code, base.secure.code));
    expect(Math.min(...places)).toBeLessThanOrEqual(20);
    expect(Math.max(...places)).toBeGreaterThan(20);
    expect(new Set(places).size).toBeGreaterThan(3);
  });

  it.each(ALL_BASES)('$id: has misleading snippets under both verdicts, all different', (base) => {
    const { insecure, secure } = base.misleading;
    expect(insecure.length).toBeGreaterThanOrEqual(2);
    expect(secure.length).toBeGreaterThanOrEqual(2);
    const codes = [base.insecure, base.secure, ...insecure, ...secure].map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('cannot be filled with an identifier missing', () => {
    expect(() => fill('$dst = $src;', { dst: 'buf' })).toThrow('$src');
  });
});
