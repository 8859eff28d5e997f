import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../core/index.js';
import { TextCodec } from './codec.js';
import {
  chatTokenizer,
  codecOf,
  FIXTURE,
  fixtureTokenizer,
  folder,
  sentencePieceTokenizer,
} from './testing/checkpoints.js';

const codec = TextCodec.load(FIXTURE)!;

describe('TextCodec', () => {
  it('reads the reference tokenizer', () => {
    expect(codec.vocabSize).toBe(260);
    expect([codec.bosId, codec.eosIds, codec.padId]).toEqual([256, [257], 259]);
    expect(codec.hash).toBe(sha256(readFileSync(join(FIXTURE, 'tokenizer.json'))));
    expect([codec.chatTemplate, codec.chatTemplateHash]).toEqual([undefined, undefined]);
    // GPT-2's byte order: the printable ASCII characters come first, "!" being 0.
    expect(codec.encode('!A é<|endoftext|>')).toEqual([0, 32, 220, 127, 102, 257]);
    expect(codec.tokenToId('<pad>')).toBe(259);
    expect(codec.tokenToId('Ġ')).toBe(220);
    expect(codec.tokenToId('none such')).toBeUndefined();
  });

  it('decodes what it has encoded, for any text', () => {
    // U+0130 and the like change under case folding, U+FEFF and U+0085 are spaces to some only.
    const odd = fc.constantFrom(
      '\ufeff',
      '\u0085',
      '\ufffd',
      '\0',
      '\r\n',
      'İ',
      '<s>',
      ' ,',
      " 's",
    );
    const text = fc.array(fc.oneof(fc.string({ unit: 'binary' }), odd)).map((all) => all.join(''));
    fc.assert(
      fc.property(text, (value) => {
        expect(codec.decode(codec.encode(value))).toBe(value);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });

  it('keeps the spaces of code whatever clean_up_tokenization_spaces says', () => {
    const tidy = codecOf({
      'tokenizer.json': fixtureTokenizer(),
      'tokenizer_config.json': { clean_up_tokenization_spaces: true },
    });
    expect(tidy.decode(tidy.encode('f(a , b) != "n \'s"'))).toBe('f(a , b) != "n \'s"');
  });

  it('decodes nothing, ids without a token, and special tokens or not', () => {
    expect(codec.decode([])).toBe('');
    expect(codec.decode([300, 0, -1, 1])).toBe('!"');
    expect(codec.decode([256, 0, 257])).toBe('<s>!<|endoftext|>');
    expect(codec.decode([256, 0, 257], { skipSpecialTokens: true })).toBe('!');
  });

  it('adds special tokens unless told not to', () => {
    const adding = codecOf({ 'tokenizer.json': chatTokenizer() });
    expect(adding.encode('!')).toEqual([256, 0]);
    expect(adding.encode('!', { addSpecialTokens: false })).toEqual([0]);
  });

  it('follows add_bos_token where tokenizer.json adds none, and never adds two', () => {
    const config = { bos_token: '<s>', add_bos_token: true };
    const bare = codecOf({
      'tokenizer.json': fixtureTokenizer(),
      'tokenizer_config.json': config,
    });
    expect(bare.encode('!')).toEqual([256, 0]);
    expect(bare.encode('!', { addSpecialTokens: false })).toEqual([0]);
    const adding = codecOf({ 'tokenizer.json': chatTokenizer(), 'tokenizer_config.json': config });
    expect(adding.encode('!')).toEqual([256, 0]);
  });

  it('spells characters without a token in bytes (SentencePiece)', () => {
    const pieces = codecOf({ 'tokenizer.json': sentencePieceTokenizer() });
    expect(pieces.encode('a €')).toEqual([
      ...['▁a', '▁', '<0xE2>', '<0x82>', '<0xAC>'].map((token) => pieces.tokenToId(token)!),
    ]);
    expect(pieces.decode(pieces.encode('a €'))).toBe('a €');
  });
});

describe('TextCodec, the files of a checkpoint', () => {
  it('is undefined without tokenizer.json', () => {
    expect(TextCodec.load(folder({ 'config.json': {} }))).toBeUndefined();
  });

  it('needs no other file', () => {
    const bare = codecOf({ 'tokenizer.json': fixtureTokenizer() });
    expect([bare.bosId, bare.eosIds, bare.padId]).toEqual([undefined, [], undefined]);
    expect(bare.decode(bare.encode('text'))).toBe('text');
  });

  it.each([
    [
      'generation_config.json first',
      { eos_token_id: [257, 259] },
      { eos_token_id: 258 },
      [257, 259],
    ],
    ['a single number', { eos_token_id: 257 }, { eos_token_id: 258 }, [257]],
    ['then config.json', { eos_token_id: null }, { eos_token_id: [258] }, [258]],
    ['then tokenizer_config.json', {}, { eos_token_id: -1 }, [259]],
  ])('takes the ids from %s', (_, generation, config, expected) => {
    const loaded = codecOf({
      'tokenizer.json': fixtureTokenizer(),
      'generation_config.json': generation,
      'config.json': config,
      'tokenizer_config.json': { eos_token: '<pad>', pad_token: null },
    });
    expect(loaded.eosIds).toEqual(expected);
    expect(loaded.padId).toBeUndefined();
  });

  it('reads special tokens written as objects', () => {
    const loaded = codecOf({
      'tokenizer.json': fixtureTokenizer(),
      'tokenizer_config.json': {
        bos_token: { __type: 'AddedToken', content: '<s>', lstrip: false },
        eos_token: { content: '<|endoftext|>' },
        additional_special_tokens: [{ content: '<pad>' }],
      },
    });
    expect([loaded.bosId, loaded.eosIds]).toEqual([256, [257]]);
  });

  const noVocabulary = { ...fixtureTokenizer(), model: { type: 'BPE' } };
  const unknownSpecial = chatTokenizer();
  unknownSpecial.post_processor.single[0].SpecialToken.id = '<nowhere>';
  it.each([
    ['tokenizer.json', '{"model": '],
    ['tokenizer.json', '[]'],
    ['tokenizer.json', '{"model": {"type": "BPE"}}'],
    ['tokenizer.json', noVocabulary],
    ['tokenizer.json', unknownSpecial],
    ['tokenizer_config.json', 'not json'],
    ['tokenizer_config.json', { bos_token: 7 }],
    ['tokenizer_config.json', { chat_template: [{ name: 'default' }] }],
    ['generation_config.json', { eos_token_id: 'end' }],
    ['config.json', '{'],
  ])('names a malformed %s (%#)', (name, content) => {
    const dir = folder({ 'tokenizer.json': fixtureTokenizer(), [name]: content });
    expect(() => TextCodec.load(dir)).toThrow(
      expect.objectContaining({
        code: 'BAD_CHECKPOINT',
        message: expect.stringContaining(join(dir, name)),
      }),
    );
  });
});
