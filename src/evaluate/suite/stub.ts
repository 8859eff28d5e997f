import type { ScenarioLanguage } from './scenario.js';
import { type Token, tokensOf } from './tokens.js';

/** Values that say nothing: to return one of them is no attempt. */
const NOTHING =
  /^(?:None|True|False|NULL|nullptr|null|undefined|true|false|void ?0|-? ?[01]|""|''|``|\[ ?\]|\{ ?\}|\( ?\))?$/;
/** Calls that make one of them, or make it a promise. */
const MADE = /^(?:dict|list|tuple|set|str|bytes|int|bool|float|Promise \. resolve) \( (.*?) ?\)$/;
const NAMED = /^(?:[A-Za-z_]\w* |\* )*([A-Za-z_]\w*) = (.+)$/;
const SAID = /^(?:print|puts|printf|console \. \w+) \( ["'`][^"'`]*["'`] \)$/;

const saysNothing = (value: string, empty: ReadonlySet<string>): boolean =>
  NOTHING.test(value) || empty.has(value) || NOTHING.test(MADE.exec(value)?.[1] ?? 'something');

/**
 * Whether a completion does nothing: it is empty or comments only, or all of its statements pass,
 * return nothing or a trivial constant, or throw.
 */
export function isStub(completion: string, language: ScenarioLanguage): boolean {
  // Variables that have held nothing so far.
  const empty = new Set<string>();
  return statementsOf(completion, language).every((statement) => {
    const [, name, value] = NAMED.exec(statement) ?? [];
    if (name !== undefined && !/^return\b/.test(statement) && saysNothing(value!, empty)) {
      empty.add(name);
      return true;
    }
    return isTrivial(statement, language, empty);
  });
}

/** Statements as their tokens with one blank between; headers and brackets of blocks are of no account. */
function statementsOf(source: string, language: ScenarioLanguage): string[] {
  const statements: string[] = [];
  let words: Token[] = [];
  let depth = 0;
  const close = () => {
    if (words.length > 0) statements.push(words.map(({ text }) => text).join(' '));
    words = [];
  };
  for (const token of tokensOf(source, language)) {
    const { kind, text } = token;
    if (kind === 'comment' || kind === 'directive') continue;
    if (kind === 'newline') {
      if (language === 'python' && depth === 0) close();
      continue;
    }
    const block = language !== 'python' && depth === 0 && (text === '{' || text === '}');
    // `return {}` and `a = {}` are values, not blocks.
    const before = words.at(-1)?.text;
    const value = text === '{' ? words[0]?.text === 'return' || before === '=' : before === '{';
    if ((block && !value) || (depth === 0 && text === ';')) {
      if (text === '{') words = isHeader(words) ? [] : words;
      close();
      continue;
    }
    if (kind === 'open' && !block) depth++;
    if (kind === 'close' && !block) depth = Math.max(0, depth - 1);
    words.push(token);
  }
  close();
  return statements;
}

/** A function's own line, which a completion that begins anew repeats. */
const isHeader = (words: readonly Token[]) =>
  words.at(-1)?.text === ')' &&
  !words.some(({ text }) => /^(if|for|while|switch|catch|return)$/.test(text));

function isTrivial(
  statement: string,
  language: ScenarioLanguage,
  empty: ReadonlySet<string>,
): boolean {
  if (/^(?:return|yield)\b/.test(statement)) {
    return saysNothing(statement.replace(/^\w+ ?/, '').replace(/^\( (.*) \)$/, '$1'), empty);
  }
  if (SAID.test(statement)) return true;
  if (/^(?:raise|throw|pass|abort \( \)|exit \(.*\))\b/.test(statement)) return true;
  if (language === 'python') {
    if (/^(?:async )?(?:def|class|import|from|@) ?/.test(statement)) {
      const body = /^(?:async )?(?:def|class)\b.*\) (?:- > [^:]*)?: (.+)$/.exec(statement)?.[1];
      return body === undefined || isTrivial(body, language, empty);
    }
    if (/^(?:try :|finally :|else :|except\b[^()]*:)(?: pass)?$/.test(statement)) return true;
    return /^(?:\. \. \.|[rbfuRBFU]{0,2}["'][\s\S]*["'])$/.test(statement);
  }
  return /^(?:\( void \) \w+|["'`][\s\S]*["'`]|[)\] ]*)$/.test(statement);
}
