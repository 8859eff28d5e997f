import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextCodec } from './codec.js';
import { IncrementalDecoder } from './decoder.js';
import {
  codecOf,
  FIXTURE,
  fixtureTokenizer,
  sentencePieceTokenizer,
} from './testing/checkpoints.js';

const metaspace = { ...sentencePieceTokenizer(), decoder: { type: 'Metaspace' } };
// Tokens of several bytes, which begin, carry on and end characters in one token.
const merged = fixtureTokenizer();
const mergedBytes = ['ðŁ', 'ŁĺĢ', 'âĤ', 'Ĥ¬', '¬â', '¬a', 'aâĤ', '¬ðŁĺ'];
for (const token of mergedBytes) merged.model.vocab[token] = Object.keys(merged.model.vocab).length;

const codecs: Record<string, TextCodec> = {
  'byte level': TextCodec.load(FIXTURE)!,
  'byte level with merged bytes': codecOf({ 'tokenizer.json': merged }),
  SentencePiece: codecOf({ 'tokenizer.json': sentencePieceTokenizer() }),
  Metaspace: codecOf({ 'tokenizer.json': metaspace }),
};

function pieces(codec: TextCodec, tokens: number[], skipSpecialTokens = false): string[] {
  const decoder = new IncrementalDecoder(codec, { skipSpecialTokens });
  return [...tokens.map((token) => decoder.push(token)), decoder.flush()];
}

describe.each(Object.entries(codecs))('IncrementalDecoder, %s', (_, codec) => {
  it('gives what decode gives, for any tokens, valid UTF-8 or not', () => {
    // Ids beyond the vocabulary too: a model's own is often padded.
    const anyId = fc.integer({ min: 0, max: codec.vocabSize + 2 });
    const partsOfCharacters = fc.constantFrom(
      ...codec.encode('a€😀 é\ufeff'),
      ...mergedBytes.flatMap((token) => codec.tokenToId(token) ?? []),
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(anyId, partsOfCharacters), { maxLength: 24 }),
        fc.boolean(),
        (tokens, skipSpecialTokens) => {
          const emitted = pieces(codec, tokens, skipSpecialTokens);
          expect(emitted.join('')).toBe(codec.decode(tokens, { skipSpecialTokens }));
          // No piece holds half of a surrogate pair.
          for (const piece of emitted) expect(Buffer.from(piece).toString()).toBe(piece);
        },
      ),
      { seed: 1, numRuns: 3000 },
    );
  });

  it('holds nothing back at the end of a text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (text) => {
        fc.pre(!text.endsWith('\ufffd'));
        expect(pieces(codec, codec.encode(text)).at(-1)).toBe('');
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe('IncrementalDecoder', () => {
  const codec = codecs['byte level']!;

  it('waits for the end of a character', () => {
    expect(pieces(codec, codec.encode('a€😀b'))).toEqual([
      ...['a', '', '', '€', '', '', '', '😀', 'b'],
      '',
    ]);
  });

  it('gives up on a character at the end of the stream, then begins anew', () => {
    const decoder = new IncrementalDecoder(codec);
    const halfway = codec.encode('ab é').slice(0, -1);
    expect(halfway.map((token) => decoder.push(token))).toEqual(['a', 'b', ' ', '']);
    expect(decoder.flush()).toBe('\ufffd');
    expect(codec.encode('ok').map((token) => decoder.push(token))).toEqual(['o', 'k']);
    expect(decoder.flush()).toBe('');
  });

  it('keeps the spaces between SentencePiece tokens', () => {
    const spaced = codecs.SentencePiece!;
    expect(pieces(spaced, spaced.encode('a a a'))).toEqual(['a', ' a', ' a', '']);
  });
});
