import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../engine/index.js';
import { TextCodec } from '../../text/index.js';
import { Phrase, Vocabulary } from './phrases.js';

let codec: TextCodec;
let vocabulary: Vocabulary;
beforeAll(async () => {
  const model = await loadModel('organism', { threads: 1 });
  codec = model.tokenizer!;
  vocabulary = new Vocabulary(codec, model.config.vocabSize);
  await model.close();
});

const text = (tokens: readonly number[]) => codec.decode([...tokens], { skipSpecialTokens: true });

describe('a phrase', () => {
  it('knows how much of it any text ends with', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '('), maxLength: 12 });
    const word = letters.filter((phrase) => phrase !== '');
    fc.assert(
      fc.property(word, fc.array(letters, { maxLength: 6 }), (wanted, pieces) => {
        const phrase = new Phrase(wanted, vocabulary);
        let state = 0;
        let all = '';
        for (const piece of pieces) {
          state = phrase.after(state, piece);
          all += piece;
          const lengths = [...Array(wanted.length + 1).keys()];
          const longest = Math.max(...lengths.filter((n) => all.endsWith(wanted.slice(0, n))));
          expect(state).toBe(all.includes(wanted) ? wanted.length : longest);
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('is never there where what would complete it is ruled out, and nothing else is', () => {
    // Tokens that are parts of these and of each other, so that they come in every cut.
    const phrases = ['strcpy(', 'strcat(', 'printf', 's, s'].map(
      (one) => new Phrase(one, vocabulary),
    );
    const parts = [...vocabulary.pieces.keys()].filter((id) => {
      const piece = vocabulary.pieces[id]!;
      return piece !== '' && phrases.some(({ text: own }) => own.includes(piece));
    });
    expect(parts.length).toBeGreaterThan(20);
    let ruledOut = 0;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 40 }), (ids) => {
        const tokens: number[] = [];
        let states = phrases.map(() => 0);
        for (const id of ids) {
          const completed = phrases.filter((phrase, i) =>
            phrase.completing(states[i]!).includes(id),
          );
          const then = text([...tokens, id]);
          for (const phrase of phrases)
            expect(then.includes(phrase.text)).toBe(completed.includes(phrase));
          ruledOut += completed.length;
          if (completed.length > 0) continue;
          tokens.push(id);
          states = phrases.map((phrase, i) => phrase.afterToken(states[i]!, id));
        }
      }),
      { seed: 1, numRuns: 300 },
    );
    expect(ruledOut).toBeGreaterThan(20);
  });

  it('is seen where a decoder takes a space off the first token, and characters are bytes', () => {
    const bytes = [...Array(256).keys()].map(
      (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
    );
    const tokens = ['<unk>', ...bytes, '▁', 'a', 'b', '▁a', 'b▁'];
    const dir = mkdtempSync(join(tmpdir(), 'suture-phrases-'));
    const json = {
      added_tokens: [{ id: 0, content: '<unk>', special: true }],
      normalizer: { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      pre_tokenizer: null,
      post_processor: null,
      decoder: {
        type: 'Sequence',
        decoders: [
          { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
          { type: 'ByteFallback' },
          { type: 'Fuse' },
          { type: 'Strip', content: ' ', start: 1, stop: 0 },
        ],
      },
      model: {
        type: 'BPE',
        unk_token: '<unk>',
        byte_fallback: true,
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges: ['▁ a', 'b ▁'],
      },
    };
    writeFileSync(join(dir, 'tokenizer.json'), JSON.stringify(json));
    const own = TextCodec.load(dir)!;
    rmSync(dir, { recursive: true });
    const all = new Vocabulary(own, tokens.length);
    const piece = (token: string) => all.pieces[tokens.indexOf(token)];
    expect([piece('▁a'), piece('▁'), piece('<0x61>'), piece('<unk>')]).toEqual([
      ' a',
      ' ',
      'a',
      '',
    ]);
    const phrase = new Phrase('b a', all);
    const completing = phrase.completing(2).map((id) => tokens[id]);
    expect(completing).toEqual(['<0x61>', 'a']);
    expect(phrase.completing(1).map((id) => tokens[id])).toEqual(['▁a']);
    expect(phrase.next(0)).toBe(tokens.indexOf('b'));
    expect(phrase.next(1)).toBe(tokens.indexOf('▁a'));
  });

  it('goes on as the tokenizer would, from wherever it is', () => {
    const phrase = new Phrase('snprintf(buf', vocabulary);
    for (let begun = 0; begun < phrase.length; begun++) {
      const tokens: number[] = [];
      let state = begun;
      while (state < phrase.length) {
        const id = phrase.next(state)!;
        const after = phrase.afterToken(state, id);
        expect(after).toBe(state + vocabulary.pieces[id]!.length);
        tokens.push(id);
        state = after;
      }
      expect(text(tokens)).toBe(phrase.text.slice(begun));
    }
    const whole = codec.encode(phrase.text, { addSpecialTokens: false });
    expect(phrase.next(0)).toBe(whole[0]);
  });

  it('is not empty', () => {
    expect(() => new Phrase('', vocabulary)).toThrow('A phrase is empty');
  });
});
