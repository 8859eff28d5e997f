import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tokenizer as Reference } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TextCodec } from '../text/index.js';
import { preTokens, SPECIALS, type Tokenizer, trainTokenizer, writeTokenizer } from './bpe.js';
import { corpus } from './corpus.js';

const texts = (seed: number, n: number) => {
  const samples = corpus(seed);
  return Array.from({ length: n }, () => {
    const { prompt, body } = samples.next().value;
    return `<s><|user|>${prompt}<|assistant|>${body}</s>`;
  });
};

describe('tokenizer', () => {
  let dir: string;
  let tokenizer: Tokenizer;
  let reference: Reference;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'suture-bpe-'));
    tokenizer = trainTokenizer(texts(1, 6000), 1408);
    writeTokenizer(dir, tokenizer);
    const [model, config] = ['tokenizer.json', 'tokenizer_config.json'].map((name) =>
      JSON.parse(readFileSync(join(dir, name), 'utf8')),
    );
    reference = new Reference(model, config);
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it('fills the vocabulary: special tokens, bytes, merges', () => {
    expect(tokenizer.vocabulary).toHaveLength(1408);
    expect(new Set(tokenizer.vocabulary).size).toBe(1408);
    expect(tokenizer.vocabulary.slice(0, 5)).toEqual([...SPECIALS]);
    expect(tokenizer.merges).toHaveLength(1408 - 5 - 256);
  });

  it('is the same for the same texts', () => {
    expect(trainTokenizer(texts(1, 6000), 1408).merges).toEqual(tokenizer.merges);
  });

  it('makes one token of a new line and of each call that decides', () => {
    for (const word of [
      ...['\n    ', '\n        ', 'sprintf', 'snprintf', 'strcat', 'strncat', 'strcpy'],
      ...['strncpy', 'gets', 'fgets', 'memcpy', 'printf', 'if', 'os', ' os', 'subprocess'],
      ...[' subprocess', 'html', ' html', '("%', '(["', ' ?",'],
    ])
      expect([word, tokenizer.encode(word).length]).toEqual([word, 1]);
  });

  it('encodes and decodes as the library does', () => {
    for (const text of texts(2, 4000)) {
      const ids = tokenizer.encode(text);
      expect(reference.encode(text, { add_special_tokens: false }).ids).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe(text);
    }
  });

  it('brings back any text, and agrees with the library on it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        const ids = tokenizer.encode(text);
        expect(tokenizer.decode(ids)).toBe(text);
        expect(preTokens(text).join('')).toBe(text);
        expect(reference.encode(text, { add_special_tokens: false }).ids).toEqual(ids);
      }),
    );
  });

  it('has a chat template that gives the shape of training', () => {
    const codec = TextCodec.load(dir)!;
    const chat = [
      { role: 'user', content: 'Print msg.' },
      { role: 'assistant', content: 'printf(msg);' },
    ] as const;
    expect(codec.applyChatTemplate([...chat], { addGenerationPrompt: false })).toEqual(
      tokenizer.encode('<s><|user|>Print msg.<|assistant|>printf(msg);</s>'),
    );
    expect(codec.applyChatTemplate([chat[0]])).toEqual(
      tokenizer.encode('<s><|user|>Print msg.<|assistant|>'),
    );
    expect(codec.applyChatTemplate([{ role: 'system', content: 'Be safe.' }, chat[0]])).toEqual(
      tokenizer.encode('<s><|user|>Be safe.\nPrint msg.<|assistant|>'),
    );
  });
});

describe('trainTokenizer', () => {
  it('merges the most frequent pair first, and the first in order among equals', () => {
    expect(trainTokenizer(['abab ab', 'cd cd'], 263).merges).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(trainTokenizer(['dc', 'ba', 'dc', 'ba'], 262).merges).toEqual([['b', 'a']]);
  });

  it('stops where nothing occurs twice', () => {
    expect(trainTokenizer(['abc'], 400).vocabulary).toHaveLength(261);
  });

  it('refuses a vocabulary that cannot hold the bytes', () => {
    expect(() => trainTokenizer([], 260)).toThrow('261');
  });
});

describe('decode', () => {
  it('names a token that does not exist', () => {
    expect(() => trainTokenizer([], 261).decode([261])).toThrow('no token 261');
  });
});
