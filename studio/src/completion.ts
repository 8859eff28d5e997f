import { ask, ServerError } from './api.js';
import { linesOf } from './lines.js';

/** A piece of a completion: a token wherever tokens are whole characters. */
export interface Piece {
  text: string;
  /** Of the token, 0 to 1; absent where a piece is none. */
  probability?: number;
}

export interface Finding {
  cwe: string;
  rule: string;
  severity: string;
  message: string;
  /** 1-based. */
  line: number;
}

/** A completion as far as it is there. */
export interface Written {
  pieces: Piece[];
  /** Why it ended; absent while it goes on. */
  finish?: string;
  /** Absent where nothing was asked of the scanner, or before the end. */
  scan?: { languages: string[]; findings: Finding[] };
}

interface Logprobs {
  // of chats
  content?: { token: string; logprob: number }[];
  // of texts
  tokens?: string[];
  token_logprobs?: number[];
}

interface Event {
  error?: { message: string };
  choices?: {
    delta?: { content?: string };
    text?: string;
    logprobs?: Logprobs | null;
    finish_reason?: string | null;
    scan?: Written['scan'];
  }[];
}

/** What an event adds. Its tokens are pieces where they spell its text, else the text is one. */
export function piecesOf(text: string, logprobs: Logprobs | null | undefined): Piece[] {
  const tokens =
    logprobs?.content ??
    (logprobs?.tokens ?? []).map((token, i) => ({
      token,
      logprob: logprobs?.token_logprobs?.[i] ?? Number.NaN,
    }));
  if (tokens.map(({ token }) => token).join('') !== text) return text === '' ? [] : [{ text }];
  return tokens.map(({ token, logprob }) => ({ text: token, probability: Math.exp(logprob) }));
}

/**
 * Streams a completion from one of the server's routes.
 *
 * @param onPart told whenever there is more of it
 * @throws {ServerError} for what the server refuses
 */
export async function complete(
  path: string,
  body: object,
  onPart: (written: Written) => void,
  signal: AbortSignal,
): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  const asked = JSON.stringify({ ...body, stream: true });
  const answer = await ask(path, { method: 'POST', headers, body: asked, signal });
  let written: Written = { pieces: [] };
  for await (const line of linesOf(answer.body!)) {
    if (!line.startsWith('data: ') || line === 'data: [DONE]') continue;
    const { error, choices } = JSON.parse(line.slice('data: '.length)) as Event;
    if (error) throw new ServerError(500, error.message);
    const choice = choices?.[0];
    if (!choice) continue;
    const text = choice.delta?.content ?? choice.text ?? '';
    written = {
      pieces: [...written.pieces, ...piecesOf(text, choice.logprobs)],
      ...(choice.finish_reason && { finish: choice.finish_reason }),
      ...(choice.scan && { scan: choice.scan }),
    };
    onPart(written);
  }
}

/**
 * Where two completions part: the first piece that differs, or the end of the shorter one once that has
 * ended; undefined as long as they have not.
 */
export function partingOf(a: Written, b: Written): number | undefined {
  const shorter = Math.min(a.pieces.length, b.pieces.length);
  for (let i = 0; i < shorter; i++) {
    if (a.pieces[i]!.text !== b.pieces[i]!.text) return i;
  }
  const ended = (one: Written, other: Written) =>
    one.finish !== undefined && one.pieces.length < other.pieces.length;
  return ended(a, b) || ended(b, a) ? shorter : undefined;
}

/** Pieces by line, each with its place among all: a piece with a line end in it is in both. */
export function inLines(
  pieces: readonly Piece[],
): { piece: Piece; index: number; text: string }[][] {
  const lines: { piece: Piece; index: number; text: string }[][] = [[]];
  for (const [index, piece] of pieces.entries()) {
    for (const [i, text] of piece.text.split('\n').entries()) {
      if (i > 0) lines.push([]);
      if (text !== '' || i === 0) lines.at(-1)!.push({ piece, index, text });
    }
  }
  return lines;
}
