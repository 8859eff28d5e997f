import { ensure } from '../../core/index.js';
import type { TextCodec } from '../../text/index.js';

/** What each token of a vocabulary adds to a text in the middle of it; '' for special tokens and ids without one. */
export class Vocabulary {
  readonly codec: TextCodec;
  readonly pieces: readonly string[];

  constructor(codec: TextCodec, size: number) {
    this.codec = codec;
    // Behind another token, since some decoders take a space off the first.
    const before = codec.encode('a', { addSpecialTokens: false }).slice(-1);
    const length = codec.decode(before).length;
    this.pieces = Array.from({ length: size }, (_, id) =>
      codec.decode([...before, id], { skipSpecialTokens: true }).slice(length),
    );
  }
}

/**
 * A phrase in a text that grows by tokens, however they cut it. The state is how many of its characters
 * the text ends with, or its whole length once it was there (Knuth, Morris and Pratt 1977).
 *
 * Of a phrase with a character whose bytes are in several tokens this is seen only where one token has all of them.
 */
export class Phrase {
  readonly text: string;
  readonly #vocabulary: Vocabulary;
  /** Of each beginning the longest end that is a shorter beginning. */
  readonly #borders: number[] = [0, 0];
  readonly #completing = new Map<number, readonly number[]>();
  readonly #next = new Map<number, number | undefined>();

  /** @throws {SutureError} BAD_ARGUMENT for an empty one */
  constructor(text: string, vocabulary: Vocabulary) {
    ensure(text !== '', 'BAD_ARGUMENT', 'A phrase is empty. Leave it out.');
    this.text = text;
    this.#vocabulary = vocabulary;
    for (let i = 1; i < text.length; i++)
      this.#borders.push(this.#step(this.#borders[i]!, text[i]!));
  }

  get length(): number {
    return this.text.length;
  }

  /** The state after more text. */
  after(state: number, text: string): number {
    let now = state;
    for (let i = 0; i < text.length && now < this.length; i++) now = this.#step(now, text[i]!);
    return now;
  }

  afterToken(state: number, id: number): number {
    return this.after(state, this.#vocabulary.pieces[id]!);
  }

  /** All tokens with which the phrase would be there. */
  completing(state: number): readonly number[] {
    const known = this.#completing.get(state);
    if (known) return known;
    const { pieces } = this.#vocabulary;
    const found = pieces.flatMap((piece, id) =>
      this.after(state, piece) === this.length ? [id] : [],
    );
    this.#completing.set(state, found);
    return found;
  }

  /**
   * The token that goes on with the phrase: the first of what the tokenizer makes of its rest, or, where that would
   * begin with something else, the longest that the rest begins with.
   *
   * @returns undefined where there is none
   */
  next(state: number): number | undefined {
    if (!this.#next.has(state)) this.#next.set(state, this.#goingOn(this.text.slice(state)));
    return this.#next.get(state);
  }

  #goingOn(rest: string): number | undefined {
    const { codec, pieces } = this.#vocabulary;
    const begins = (id: number) => pieces[id] !== '' && rest.startsWith(pieces[id]!);
    const [first] = codec.encode(rest, { addSpecialTokens: false });
    if (first !== undefined && begins(first)) return first;
    let longest: number | undefined;
    for (const [id, piece] of pieces.entries())
      if (begins(id) && piece.length > (pieces[longest ?? -1]?.length ?? 0)) longest = id;
    return longest;
  }

  #step(state: number, character: string): number {
    let now = state;
    while (now > 0 && this.text[now] !== character) now = this.#borders[now]!;
    return this.text[now] === character ? now + 1 : 0;
  }
}
