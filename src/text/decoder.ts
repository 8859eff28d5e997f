import type { TextCodec } from './codec.js';

const REPLACEMENT = '\ufffd';

/**
 * Streaming detokeniser: the pieces, put together, are `codec.decode` of all tokens.
 *
 * A piece never holds half of a character that spans tokens, nor text that a later token changes.
 *
 * @example
 * const decoder = new IncrementalDecoder(codec);
 * for (const token of tokens) process.stdout.write(decoder.push(token));
 * process.stdout.write(decoder.flush());
 */
export class IncrementalDecoder {
  readonly #codec: TextCodec;
  readonly #options: { skipSpecialTokens?: boolean };
  /** The last tokens: one of context, whose text is out, and those whose text is not final. */
  #window: number[] = [];
  /** How many characters of the window's text are out. */
  #emitted = 0;

  /** @param options.skipSpecialTokens leave special tokens out. Defaults to false */
  constructor(codec: TextCodec, options: { skipSpecialTokens?: boolean } = {}) {
    this.#codec = codec;
    this.#options = options;
  }

  /** @returns the text that has become final, often empty in the middle of a character */
  push(token: number): string {
    this.#window.push(token);
    const text = this.#codec.decode(this.#window, this.#options);
    // UTF-8 decoding turns an unfinished character into one replacement character at the end;
    // whatever stands before that one is final.
    const unfinished = text.endsWith(REPLACEMENT);
    const end = unfinished ? text.length - 1 : text.length;
    const piece = text.slice(this.#emitted, end);
    this.#emitted = Math.max(this.#emitted, end);
    if (!unfinished) this.#slide(token);
    return piece;
  }

  /** Ends the stream, which may then begin anew. @returns the text held back */
  flush(): string {
    const rest = this.#codec.decode(this.#window, this.#options).slice(this.#emitted);
    this.#window = [];
    this.#emitted = 0;
    return rest;
  }

  /**
   * Shortens the window to its last token. One must stay, because decoders treat the first token
   * in their own way (SentencePiece takes a leading space off); one with no text would not do, as
   * the next token would then be taken for the first.
   */
  #slide(last: number): void {
    const context = this.#codec.decode([last], this.#options);
    if (context === '') return;
    this.#window = [last];
    this.#emitted = context.length;
  }
}
