import { describe, expect, it } from 'vitest';
import { chatTokenizer, codecOf, sentencePieceTokenizer } from './testing/checkpoints.js';

const GAP = { prefix: 'a(', suffix: ')b' };

/** The reference tokenizer (ids are bytes) with these special tokens from 260 on, and a BOS (256). */
const codecWith = (...tokens: string[]) => {
  const codec = codecOf({ 'tokenizer.json': chatTokenizer(...tokens) });
  const show = ({ ids, endIds }: { ids: number[]; endIds: number[] }) => ({
    text: codec.decode(ids),
    ends: endIds.map((id) => codec.decode([id])),
  });
  return { codec, show };
};

describe('infill', () => {
  it.each([
    [
      'Qwen2.5-Coder',
      ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>', '<|file_sep|>'],
      '<|fim_prefix|>a(<|fim_suffix|>)b<|fim_middle|>',
      ['<|endoftext|>', '<|file_sep|>'],
    ],
    [
      'StarCoder',
      ['<fim_prefix>', '<fim_middle>', '<fim_suffix>'],
      '<fim_prefix>a(<fim_suffix>)b<fim_middle>',
      ['<|endoftext|>'],
    ],
    [
      'SantaCoder',
      ['<fim-prefix>', '<fim-middle>', '<fim-suffix>'],
      '<fim-prefix>a(<fim-suffix>)b<fim-middle>',
      ['<|endoftext|>'],
    ],
    [
      'DeepSeek-Coder',
      ['<｜fim▁begin｜>', '<｜fim▁hole｜>', '<｜fim▁end｜>'],
      '<｜fim▁begin｜>a(<｜fim▁hole｜>)b<｜fim▁end｜>',
      [],
    ],
    [
      'Seed-Coder',
      ['<[fim-prefix]>', '<[fim-suffix]>', '<[fim-middle]>'],
      '<[fim-suffix]>)b<[fim-prefix]>a(<[fim-middle]>',
      [],
    ],
  ])('%s', (_, tokens, text, ends) => {
    const { codec, show } = codecWith(...tokens);
    expect(codec.canInfill).toBe(true);
    expect(show(codec.infill(GAP))).toEqual({ text, ends });
  });

  it('begins with the token that begins a text', () => {
    const json = chatTokenizer('<fim_prefix>', '<fim_middle>', '<fim_suffix>');
    const codec = codecOf({ 'tokenizer.json': json, 'config.json': { bos_token_id: 256 } });
    expect(codec.infill(GAP).ids[0]).toBe(256);
    expect(codec.infill(GAP).ids.filter((id) => id === 256)).toHaveLength(1);
  });

  it.each([
    [
      'Code Llama',
      ['▁<PRE>', '▁<SUF>', '▁<MID>', '▁<EOT>'],
      ['▁<PRE>', '▁a', 'b', '▁<SUF>', 'a', 'b', '▁<MID>'],
      ['▁<EOT>'],
    ],
    ['Codestral', ['[PREFIX]', '[SUFFIX]'], ['[SUFFIX]', 'a', 'b', '[PREFIX]', '▁a', 'b'], []],
  ])('%s: the suffix gets no space in front', (_, tokens, parts, ends) => {
    const json = sentencePieceTokenizer();
    const from = Object.keys(json.model.vocab).length;
    for (const [i, content] of tokens.entries())
      json.added_tokens.push({ id: from + i, content, special: true });
    const codec = codecOf({ 'tokenizer.json': json });
    const { ids, endIds } = codec.infill({ prefix: 'ab', suffix: 'ab' });
    expect(ids).toEqual(parts.map((part) => codec.tokenToId(part)));
    expect(endIds).toEqual(ends.map((token) => codec.tokenToId(token)));
  });

  it('is refused where the vocabulary has no tokens for it', () => {
    const { codec } = codecWith('<fim_prefix>', '<fim_suffix>');
    expect(codec.canInfill).toBe(false);
    expect(() => codec.infill(GAP)).toThrow('has no fill-in-the-middle tokens');
  });
});
