import type { ScenarioLanguage } from './scenario.js';

/** A piece of source text. A string and a comment are one piece each, whatever is in them. */
export interface Token {
  kind: 'word' | 'open' | 'close' | 'string' | 'comment' | 'directive' | 'newline' | 'mark';
  text: string;
  start: number;
  end: number;
}

/** Templates within templates: deeper than anyone writes. */
const DEEPEST = 50;

/**
 * The pieces of a source, from left to right. What comes later never changes what came before, so
 * that a text that is cut off, or goes on with prose, is read as far as it goes.
 */
export function tokensOf(source: string, language: ScenarioLanguage): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const token = nextToken(source, at, language, tokens, 0);
    if (token.kind !== 'mark' || token.text.trim() !== '') tokens.push(token);
    at = token.end;
  }
  return tokens;
}

/** The token at `at`; white space comes as a mark of blanks. */
function nextToken(
  source: string,
  at: number,
  language: ScenarioLanguage,
  before: readonly Token[],
  depth: number,
): Token {
  const piece = (kind: Token['kind'], end: number): Token => ({
    kind,
    text: source.slice(at, end),
    start: at,
    end,
  });
  const c = source[at]!;
  if (c === '\n') return piece('newline', at + 1);
  const blank = match(/[ \t\r\f\v]+|\\\r?\n/y, source, at);
  if (blank) return piece('mark', at + blank.length);
  if (language === 'python') {
    if (c === '#') return piece('comment', endOfLine(source, at));
    const quoted = match(/[rbfuRBFU]{0,2}("""|'''|"|')/y, source, at);
    if (quoted) {
      const quote = /["']+$/.exec(quoted)![0];
      return piece('string', endOfString(source, at + quoted.length, quote));
    }
  } else {
    if (source.startsWith('//', at)) return piece('comment', endOfLine(source, at));
    if (source.startsWith('/*', at)) {
      return piece('comment', endBehind(source, '*/', at + 2));
    }
    const quoted = match(/(?:u8|[LuU])?R?["']/y, source, at) ?? (c === '"' || c === "'" ? c : '');
    if (language === 'javascript') {
      if (c === '`') return piece('string', endOfTemplate(source, at + 1, before, depth));
      if (c === '"' || c === "'") return piece('string', endOfString(source, at + 1, c));
      if (c === '/' && regularExpressionFits(before.at(-1))) {
        return piece('string', endOfRegularExpression(source, at + 1));
      }
    } else {
      const raw = match(/(?:u8|[LuU])?R"([^()\\\s]{0,16})\(/y, source, at);
      if (raw) {
        const delimiter = raw.slice(raw.indexOf('"') + 1, -1);
        return piece('string', endBehind(source, `)${delimiter}"`, at + raw.length));
      }
      if (quoted) {
        return piece('string', endOfString(source, at + quoted.length, quoted.at(-1)!));
      }
      const last = before.at(-1);
      if (c === '#' && (!last || last.kind === 'newline' || last.kind === 'directive')) {
        return piece('directive', endOfDirective(source, at));
      }
      const number = match(/\d(?:[\w.]|'(?=\w))*/y, source, at);
      if (number) return piece('word', at + number.length);
    }
  }
  const word = match(/[\w$\u0080-\uffff]+/y, source, at);
  if (word) return piece('word', at + word.length);
  if ('([{'.includes(c)) return piece('open', at + 1);
  if (')]}'.includes(c)) return piece('close', at + 1);
  if (source.startsWith('=>', at)) return piece('mark', at + 2);
  return piece('mark', at + 1);
}

function match(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

const orEnd = (found: number, source: string) => (found < 0 ? source.length : found);
const endOfLine = (source: string, at: number) => orEnd(source.indexOf('\n', at), source);

function endBehind(source: string, mark: string, from: number): number {
  const found = source.indexOf(mark, from);
  return found < 0 ? source.length : found + mark.length;
}

/** One that is not closed ends with its line, but for Python's long strings. */
function endOfString(source: string, from: number, quote: string): number {
  for (let at = from; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source.startsWith(quote, at)) return at + quote.length;
    else if (source[at] === '\n' && quote.length === 1) return at;
  }
  return source.length;
}

function endOfDirective(source: string, from: number): number {
  for (let at = from; ; at++) {
    at = endOfLine(source, at);
    if (at === source.length || !/\\\r?$/.test(source.slice(Math.max(from, at - 2), at))) return at;
  }
}

function endOfTemplate(
  source: string,
  from: number,
  before: readonly Token[],
  depth: number,
): number {
  if (depth > DEEPEST) return source.length;
  for (let at = from; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === '`') return at + 1;
    else if (source.startsWith('${', at)) {
      let open = 1;
      at += 2;
      while (at < source.length) {
        const token = nextToken(source, at, 'javascript', before, depth + 1);
        if (token.text === '{') open++;
        else if (token.text === '}') open--;
        if (open === 0) break;
        at = token.end;
      }
    }
  }
  return source.length;
}

/** A slash after a value divides. */
function regularExpressionFits(last: Token | undefined): boolean {
  if (!last || last.kind === 'open' || last.kind === 'newline') return true;
  if (last.kind === 'word')
    return /^(return|typeof|case|in|of|delete|void|do|else)$/.test(last.text);
  return last.kind === 'mark' && last.text !== '.';
}

function endOfRegularExpression(source: string, from: number): number {
  let inClass = false;
  for (let at = from; at < source.length && source[at] !== '\n'; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === '[') inClass = true;
    else if (source[at] === ']') inClass = false;
    else if (source[at] === '/' && !inClass) return at + 1;
  }
  return from;
}
