import { ensure } from '../../core/index.js';
import type { FunctionPair, Side, Span } from '../../evaluate/index.js';
import { commonTokens, IncrementalDecoder, type TextCodec } from '../../text/index.js';
import { type Changes, changedLines, changedWords } from './changes.js';

/**
 * Which tokens count as changed.
 *
 * - `all`: every one (DeepGuard)
 * - `line`: those that overlap a changed line
 * - `char`: those that overlap a changed word within a changed line
 * - `mix`: of the vulnerable function as `line`, of the secure one as `char` (SVEN's default)
 * - `token`: those that are not in a longest common subsequence of both functions' tokens, and a
 *   single one between two of these (SafeCoder)
 *
 * A file that says itself which lines and characters changed has the last word in `line` and `char`.
 */
export const DIFF_LEVELS = ['all', 'line', 'char', 'mix', 'token'] as const;
export type DiffLevel = (typeof DIFF_LEVELS)[number];

/**
 * What becomes of functions with more tokens than the limit.
 *
 * - `window`: both are cut to one window of the limit's size, so placed that the change is in it,
 *   with what stands before the change preferred to what comes after
 * - `skip`: the pair is left out (DeepGuard's paper)
 * - `truncate`: what is behind the limit is cut off, even where all of the change is there
 *   (DeepGuard's code)
 */
export const LENGTH_POLICIES = ['window', 'skip', 'truncate'] as const;
export type LengthPolicy = (typeof LENGTH_POLICIES)[number];

/** One function as tokens. */
export interface TokenSequence {
  /** The request, where there is one, then the function. */
  ids: number[];
  /** How many of these are the request. */
  requestLength: number;
  /** Which of `ids` changed; never one of the request. */
  changed: boolean[];
}

export interface TokenPair extends Record<Side, TokenSequence> {
  id: string;
  cwe: string | undefined;
  group: string;
  language: string | undefined;
}

/** What was left out and what was cut, by rule; ids of pairs. */
export interface Cuts {
  /** Both functions are the same tokens. */
  identical: string[];
  /** Longer than the limit, and left out. */
  skipped: string[];
  /** Cut at the limit, with some of the change in what is left. */
  cut: string[];
  /** Cut at the limit, with nothing left of the change in either function; kept all the same. */
  changeLost: string[];
  /** Left out: the tokenizer does not spell a function back, so that its characters have no tokens. */
  respelled: string[];
}

export interface TokenOptions {
  /** Defaults to `char`. */
  level?: DiffLevel;
  /** Most tokens of a sequence. Defaults to 1024. */
  maxTokens?: number;
  /** Defaults to `window`. */
  policy?: LengthPolicy;
}

/**
 * Pairs of functions as token ids, with what changed. A request goes through the chat template where
 * the model has one, and the function is then its answer; without a template it is left out.
 *
 * @throws {SutureError} BAD_ARGUMENT for a limit below 2; BAD_DATA where a request alone is as long as
 *   the limit
 * @example
 * const { pairs, cuts } = tokenPairs(model.tokenizer, distinct, { level: 'mix', maxTokens: 512 });
 */
export function tokenPairs(
  codec: TextCodec,
  functions: readonly FunctionPair[],
  { level = 'char', maxTokens = 1024, policy = 'window' }: TokenOptions = {},
): { pairs: TokenPair[]; cuts: Cuts } {
  ensure(maxTokens >= 2, 'BAD_ARGUMENT', `The limit must be 2 tokens or more; got ${maxTokens}.`);
  const pairs: TokenPair[] = [];
  const cuts: Cuts = { identical: [], skipped: [], cut: [], changeLost: [], respelled: [] };
  for (const pair of functions) {
    const { id, cwe, group, language } = pair;
    const request = requestTokens(codec, pair);
    ensure(
      request.length < maxTokens,
      'BAD_DATA',
      `${id}: the request has ${request.length} tokens, and a sequence at most ${maxTokens}.`,
    );
    const room = maxTokens - request.length;
    const encoded = encodeSides(codec, pair, request.length > 0);
    const { vulnerable: a, secure: b } = encoded;
    if (sameTokens(a, b)) {
      cuts.identical.push(id);
      continue;
    }
    const longest = Math.max(a.length, b.length);
    if (longest > room && policy === 'skip') {
      cuts.skipped.push(id);
      continue;
    }
    const slides = longest > room && policy === 'window';
    const changed = changedTokensOf(codec, pair, encoded, level);
    // The difference decides where the window lies, even where every token counts as changed.
    const differing =
      slides && level === 'all' ? changedTokensOf(codec, pair, encoded, 'char') : changed;
    if (!changed || !differing) {
      cuts.respelled.push(id);
      continue;
    }
    const start = slides ? windowStart(differing, room) : 0;
    const sequence = (side: Side): TokenSequence => ({
      ids: [...request, ...encoded[side].slice(start, start + room)],
      requestLength: request.length,
      changed: [...request.map(() => false), ...changed[side].slice(start, start + room)],
    });
    const made = { vulnerable: sequence('vulnerable'), secure: sequence('secure') };
    if (longest > room) {
      const lost = sameTokens(made.vulnerable.ids, made.secure.ids);
      (lost ? cuts.changeLost : cuts.cut).push(id);
    }
    pairs.push({ id, cwe, group, language, ...made });
  }
  return { pairs, cuts };
}

const sameTokens = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((token, i) => token === b[i]);

function requestTokens(codec: TextCodec, { request }: FunctionPair): number[] {
  if (request === undefined || codec.chatTemplate === undefined) return [];
  return codec.applyChatTemplate([{ role: 'user', content: request }]);
}

/** Both functions' tokens; an answer ends with the end-of-sequence token. */
function encodeSides(codec: TextCodec, pair: FunctionPair, answers: boolean) {
  const ends = answers ? codec.eosIds.slice(0, 1) : [];
  const encode = (side: Side) => [
    ...codec.encode(pair[side], { addSpecialTokens: !answers }),
    ...ends,
  ];
  return { vulnerable: encode('vulnerable'), secure: encode('secure') };
}

function changedTokensOf(
  codec: TextCodec,
  pair: FunctionPair,
  tokens: Record<Side, readonly number[]>,
  level: DiffLevel,
): Record<Side, boolean[]> | undefined {
  const { vulnerable, secure } = tokens;
  if (level === 'all') {
    return { vulnerable: vulnerable.map(() => true), secure: secure.map(() => true) };
  }
  if (level === 'token') {
    const matches = commonTokens(vulnerable, secure);
    const rest = (length: number, kept: ReadonlySet<number>) =>
      gapsFilled(Array.from({ length }, (_, i) => !kept.has(i)));
    return {
      vulnerable: rest(vulnerable.length, new Set(matches.map(([i]) => i))),
      secure: rest(secure.length, new Set(matches.map(([, j]) => j))),
    };
  }
  const spans = (side: Side, by: 'line' | 'char'): readonly Span[] => {
    const computed = (): Changes => (by === 'line' ? changedLines(pair) : changedWords(pair));
    return pair.changes?.[side][by] ?? computed()[side];
  };
  const overlapping = (side: Side, by: 'line' | 'char') => {
    const own = tokenSpans(codec, tokens[side], pair[side]);
    return own && tokensIn(own, spans(side, by));
  };
  const before = overlapping('vulnerable', level === 'char' ? 'char' : 'line');
  const after = overlapping('secure', level === 'line' ? 'line' : 'char');
  return before && after && { vulnerable: before, secure: after };
}

/** A single unchanged token between two changed ones changes too. */
const gapsFilled = (changed: readonly boolean[]): boolean[] =>
  changed.map((own, i) => own || (changed[i - 1] === true && changed[i + 1] === true));

/**
 * Which characters of a text each of its tokens stands for: tokens that are parts of one character all
 * have that character, special tokens none.
 *
 * @returns undefined where the tokens do not spell the text: the tokenizer normalises it, or knows no
 *   token for a character
 */
export function tokenSpans(
  codec: TextCodec,
  ids: readonly number[],
  text: string,
): Span[] | undefined {
  const decoder = new IncrementalDecoder(codec, { skipSpecialTokens: true });
  const pieces = ids.map((id) => decoder.push(id));
  if (pieces.join('') + decoder.flush() !== text) return undefined;
  let length = 0;
  const spans = pieces.map((piece) => {
    const start = length;
    length += piece.length;
    return { start, end: length };
  });
  // The bytes of one character come out with the last of its tokens.
  for (let i = spans.length - 2; i >= 0; i--) {
    const silent = pieces[i] === '' && codec.decode([ids[i]!], { skipSpecialTokens: true }) !== '';
    if (silent) spans[i]!.end = spans[i + 1]!.end;
  }
  return spans;
}

/** Whether each token overlaps one of the changed spans. */
const tokensIn = (tokens: readonly Span[], changed: readonly Span[]): boolean[] =>
  tokens.map((token) => changed.some(({ start, end }) => token.start < end && start < token.end));

/**
 * Where a window of `room` tokens begins so that the change is in it: at the start where the change
 * then fits in; else so that it ends with the change; and where the change itself is longer, a quarter
 * of the window before its first token.
 */
function windowStart(changed: Record<Side, readonly boolean[]>, room: number): number {
  const first = Math.min(
    ...Object.values(changed).flatMap((side) => {
      const at = side.indexOf(true);
      return at < 0 ? [] : [at];
    }),
  );
  const last = Math.max(...Object.values(changed).map((side) => side.lastIndexOf(true)));
  if (last < room) return 0;
  const ending = last + 1 - room;
  return ending <= first ? ending : Math.max(0, first - Math.floor(room / 4));
}
