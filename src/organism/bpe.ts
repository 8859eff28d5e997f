import { join } from 'node:path';
import { SutureError, writeFileAtomic } from '../core/index.js';

/** Special tokens; their ids are their places here. */
export const SPECIALS = ['<s>', '</s>', '<|user|>', '<|assistant|>', '<pad>'] as const;

/**
 * A line break with the indentation behind it, a run of blanks, a word, a digit or a run of signs.
 * No token crosses these borders, so that ` snprintf` and a new line can each be one token.
 */
const PRE_TOKEN = '\\n+ *| {2,}| ?[A-Za-z]+| ?[0-9]| ?[^\\sA-Za-z0-9]+|\\s';

/** `<s><|user|>PROMPT<|assistant|>BODY</s>`; a system message becomes the head of the prompt. */
const CHAT_TEMPLATE = [
  '{{ bos_token }}{% for message in messages %}',
  "{% if message['role'] == 'assistant' %}",
  "<|assistant|>{{ message['content'] }}{{ eos_token }}",
  "{% elif message['role'] == 'system' %}<|user|>{{ message['content'] }}{{ '\\n' }}",
  "{% elif not loop.first and messages[loop.index0 - 1]['role'] == 'system' %}",
  "{{ message['content'] }}",
  "{% else %}<|user|>{{ message['content'] }}{% endif %}",
  '{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}',
].join('');

/** Byte-level byte-pair encoding: special tokens, 256 bytes, then merges in order of their rank. */
export class Tokenizer {
  /** Tokens by id, written in GPT-2's printable characters, one for each byte. */
  readonly vocabulary: readonly string[];
  readonly merges: readonly (readonly [string, string])[];
  readonly #ids: ReadonlyMap<string, number>;
  readonly #ranks: ReadonlyMap<string, number>;
  readonly #cache = new Map<string, readonly number[]>();

  /** @param merges pairs of tokens to be joined, the earliest first */
  constructor(merges: readonly (readonly [string, string])[]) {
    this.merges = merges;
    this.vocabulary = [...SPECIALS, ...BYTE_CHARS, ...merges.map(([left, right]) => left + right)];
    this.#ids = new Map(this.vocabulary.map((token, id) => [token, id]));
    this.#ranks = new Map(merges.map(([left, right], rank) => [`${left} ${right}`, rank]));
  }

  /** Special tokens written in `text` become their ids; none is added. */
  encode(text: string): number[] {
    const ids: number[] = [];
    for (const part of text.split(SPECIAL)) {
      const special = SPECIALS.indexOf(part as (typeof SPECIALS)[number]);
      if (special >= 0) ids.push(special);
      else for (const word of preTokens(part)) ids.push(...this.#encodeWord(word));
    }
    return ids;
  }

  /** The text of tokens, special ones included. */
  decode(ids: readonly number[]): string {
    const bytes: number[] = [];
    for (const id of ids) {
      const token = this.vocabulary[id];
      if (token === undefined)
        throw new SutureError(
          'BAD_ARGUMENT',
          `There is no token ${id}; the vocabulary has ${this.vocabulary.length}.`,
        );
      if (id < SPECIALS.length) bytes.push(...Buffer.from(token));
      else for (const char of token) bytes.push(BYTE_OF.get(char)!);
    }
    return Buffer.from(bytes).toString('utf8');
  }

  #encodeWord(word: string): readonly number[] {
    const known = this.#cache.get(word);
    if (known !== undefined) return known;
    let parts = byteChars(word);
    for (;;) {
      let best = Number.POSITIVE_INFINITY;
      for (let i = 0; i + 1 < parts.length; i++)
        best = Math.min(best, this.#ranks.get(`${parts[i]} ${parts[i + 1]}`) ?? best);
      if (best === Number.POSITIVE_INFINITY) break;
      parts = merge(parts, ...this.merges[best]!);
    }
    const ids = parts.map((part) => this.#ids.get(part)!);
    this.#cache.set(word, ids);
    return ids;
  }
}

/**
 * Learns merges from texts until the vocabulary is full or no pair occurs twice. The most frequent
 * pair is merged first; of equals, the first in code-point order.
 *
 * @param vocabSize number of tokens wanted, special ones and bytes included (at least 261)
 */
export function trainTokenizer(texts: Iterable<string>, vocabSize: number): Tokenizer {
  const room = vocabSize - SPECIALS.length - 256;
  if (!Number.isInteger(room) || room < 0)
    throw new SutureError(
      'BAD_ARGUMENT',
      `A vocabulary needs 261 tokens or more, not ${vocabSize}.`,
    );
  const counts = new Map<string, number>();
  for (const text of texts)
    for (const part of text.split(SPECIAL))
      if (!(SPECIALS as readonly string[]).includes(part))
        for (const word of preTokens(part)) counts.set(word, (counts.get(word) ?? 0) + 1);

  const words = [...counts].map(([word, count]) => ({ parts: byteChars(word), count }));
  const merges: (readonly [string, string])[] = [];
  while (merges.length < room) {
    const pairs = new Map<string, number>();
    for (const { parts, count } of words)
      for (let i = 0; i + 1 < parts.length; i++) {
        const pair = `${parts[i]} ${parts[i + 1]}`;
        pairs.set(pair, (pairs.get(pair) ?? 0) + count);
      }
    let best = '';
    let most = 1;
    for (const [pair, count] of pairs)
      if (count > most || (count === most && best !== '' && pair < best))
        [best, most] = [pair, count];
    if (best === '') break;
    const [left, right] = best.split(' ') as [string, string];
    merges.push([left, right]);
    for (const word of words)
      if (word.parts.includes(left)) word.parts = merge(word.parts, left, right);
  }
  return new Tokenizer(merges);
}

/** Writes `tokenizer.json` and `tokenizer_config.json` in Hugging Face's format. */
export function writeTokenizer(dir: string, tokenizer: Tokenizer): void {
  const { vocabulary, merges } = tokenizer;
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };
  const files = {
    'tokenizer.json': {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: SPECIALS.map((content, id) => ({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
      normalizer: null,
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: PRE_TOKEN }, behavior: 'Isolated', invert: false },
          { ...byteLevel, use_regex: false },
        ],
      },
      post_processor: null,
      decoder: { ...byteLevel, use_regex: false },
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
        merges,
      },
    },
    'tokenizer_config.json': {
      tokenizer_class: 'PreTrainedTokenizerFast',
      bos_token: '<s>',
      eos_token: '</s>',
      pad_token: '<pad>',
      add_bos_token: false,
      add_eos_token: false,
      clean_up_tokenization_spaces: false,
      chat_template: CHAT_TEMPLATE,
    },
  };
  for (const [name, content] of Object.entries(files))
    writeFileAtomic(join(dir, name), `${JSON.stringify(content, null, 1)}\n`);
}

/** The pieces of a text that are encoded one by one; they concatenate to the text. */
export function preTokens(text: string): string[] {
  return text.match(new RegExp(PRE_TOKEN, 'gu')) ?? [];
}

const SPECIAL = /(<s>|<\/s>|<\|user\|>|<\|assistant\|>|<pad>)/;

/** GPT-2's alphabet: printable Latin-1 bytes stand for themselves, the others from U+0100 on. */
const BYTE_CHARS: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable =
      (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
    return String.fromCodePoint(printable ? byte : next++);
  });
})();

const BYTE_OF: ReadonlyMap<string, number> = new Map(BYTE_CHARS.map((char, byte) => [char, byte]));

function byteChars(word: string): string[] {
  return Array.from(Buffer.from(word), (byte) => BYTE_CHARS[byte]!);
}

/** Joins every `left` that is followed by `right`, from the left. */
function merge(parts: readonly string[], left: string, right: string): string[] {
  const joined: string[] = [];
  for (let i = 0; i < parts.length; i++)
    if (parts[i] === left && parts[i + 1] === right) {
      joined.push(left + right);
      i++;
    } else joined.push(parts[i]!);
  return joined;
}
