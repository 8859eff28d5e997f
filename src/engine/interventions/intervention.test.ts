import fc from 'fast-check';
import { expect, it } from 'vitest';
import { editsByPrompt, type Intervention } from './intervention.js';

it('finds the edits of each prompt, in their order', () => {
  const rows = fc.option(fc.array(fc.nat(4), { maxLength: 6 }), { nil: undefined });
  fc.assert(
    fc.property(fc.array(rows), (lists) => {
      const edits = lists.map(
        (own): Intervention => ({
          hook: 0,
          op: 'scale',
          factor: 1,
          positions: 'all',
          ...(own && { rows: own }),
        }),
      );
      const of = editsByPrompt(edits);
      for (let prompt = 0; prompt < 6; prompt++) {
        const acting = edits.filter((edit) => edit.rows?.includes(prompt) ?? true);
        expect(of(prompt)).toEqual(acting);
        expect(of(prompt)).toBe(of(prompt));
      }
    }),
  );
});
