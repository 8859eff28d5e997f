import type { TokenLogprob } from '../engine/index.js';
import { IncrementalDecoder, type TextCodec } from '../text/index.js';

/** A token of a completion as clients are told of it. */
export interface SpelledToken {
  token: string;
  /** UTF-8; null for a token that is a part of a character. */
  bytes: number[] | null;
  logprob: number;
  top: { token: string; bytes: number[] | null; logprob: number }[];
  /** Where its text begins in the completion, in characters. */
  offset: number;
}

/**
 * Spells the tokens of one completion: those that its text is made of, without what ends it (an
 * end-of-sequence token, a stop text), each as soon as its text is out.
 */
export class Speller {
  readonly #codec: TextCodec;
  readonly #decoder: IncrementalDecoder;
  readonly #eosIds: ReadonlySet<number>;
  #spelled = 0;
  #out = 0;
  #held: SpelledToken[] = [];

  constructor(codec: TextCodec, eosIds: readonly number[]) {
    this.#codec = codec;
    this.#decoder = new IncrementalDecoder(codec, { skipSpecialTokens: true });
    this.#eosIds = new Set(eosIds);
  }

  /** @param text that is out since the last time  @param tokens those that were chosen since then */
  take(text: string, tokens: readonly TokenLogprob[]): SpelledToken[] {
    for (const { token, logprob, top } of tokens) {
      if (this.#eosIds.has(token)) continue;
      this.#held.push({
        ...this.#written(token, logprob),
        top: top.map((other) => this.#written(other.token, other.logprob)),
        offset: this.#spelled,
      });
      this.#spelled += length(this.#decoder.push(token));
    }
    this.#out += length(text);
    const out = this.#held.filter(({ offset }) => offset < this.#out);
    this.#held = this.#held.slice(out.length);
    return out;
  }

  #written(id: number, logprob: number) {
    const token = this.#codec.decode([id]);
    const bytes = token.includes('\ufffd') ? null : [...Buffer.from(token)];
    return { token, bytes, logprob: Math.max(logprob, LEAST) };
  }
}

/** JSON has no -Infinity. */
const LEAST = -9999;

const length = (text: string): number => [...text].length;
