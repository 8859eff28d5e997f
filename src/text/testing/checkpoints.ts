import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { TextCodec } from '../codec.js';

/** Folder of a reference checkpoint. Its tokenizer: ids 0 to 255 are bytes, in GPT-2's order. */
export const FIXTURE = fileURLToPath(new URL('../../../fixtures/llama_f32/model', import.meta.url));

// biome-ignore lint/suspicious/noExplicitAny: tests take tokenizer.json apart at will
export type Json = any;

/** A fresh copy of the reference tokenizer.json. */
export function fixtureTokenizer(): Json {
  return JSON.parse(readFileSync(join(FIXTURE, 'tokenizer.json'), 'utf8'));
}

/** The reference tokenizer with more special tokens, from id 260 on, and a BOS put in front. */
export function chatTokenizer(...tokens: string[]): Json {
  const json = fixtureTokenizer();
  for (const [i, content] of tokens.entries())
    json.added_tokens.push({ id: 260 + i, content, special: true });
  json.post_processor = {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [],
    special_tokens: { '<s>': { id: '<s>', ids: [256], tokens: ['<s>'] } },
  };
  return json;
}

/**
 * A tokenizer as SentencePiece models are converted: bytes as `<0x41>` for what has no token, and
 * the space that begins a text taken off again.
 */
export function sentencePieceTokenizer(): Json {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  const tokens = ['<unk>', '<s>', '</s>', ...bytes, '▁', 'a', 'b', 'é', '▁a', '▁▁', '\ufffd'];
  return {
    added_tokens: ['<unk>', '<s>', '</s>'].map((content, id) => ({ id, content, special: true })),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
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
      merges: ['▁ a', '▁ ▁'],
    },
  };
}

const root = mkdtempSync(join(tmpdir(), 'suture-text-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

/** A checkpoint folder with these files; values that are not text are written as JSON. */
export function folder(files: Record<string, unknown>): string {
  const dir = join(root, String(count++));
  mkdirSync(dir);
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content));
  return dir;
}

/** A codec loaded from a folder with these files. */
export function codecOf(files: Record<string, unknown>): TextCodec {
  return TextCodec.load(folder(files))!;
}
