import type { ScenarioLanguage } from './scenario.js';
import { type Token, tokensOf } from './tokens.js';

/** Values that say nothing: to return one of them is no attempt. */
const NOTHING =
  /^(?:None|True|False|NULL|nullptr|null|undefined|true|false|void ?0|-? ?[01]|""|''|``|\[ ?\]|\{ ?\}|\( ?\))?$/;

/**
 * Whether a completion does nothing: it is empty or comments only, or all of its statements pass,
 * return nothing or a trivial constant, or throw.
 */
export function isStub(completion: string, language: ScenarioLanguage): boolean {
  const statements = statementsOf(completion, language);
  return statements.every((statement) => isTrivial(statement, language));
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
    // `return {}` is a value, not a block.
    const value = text === '{' ? words[0]?.text === 'return' : words.at(-1)?.text === '{';
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

function isTrivial(statement: string, language: ScenarioLanguage): boolean {
  if (/^(?:return|yield)\b/.test(statement)) {
    return NOTHING.test(statement.replace(/^\w+ ?/, '').replace(/^\( (.*) \)$/, '$1'));
  }
  if (/^(?:raise|throw|pass|abort \( \)|exit \(.*\))\b/.test(statement)) return true;
  if (language === 'python') {
    if (/^(?:async )?(?:def|class|import|from|@) ?/.test(statement)) {
      const body = /^(?:async )?(?:def|class)\b.*\) (?:- > [^:]*)?: (.+)$/.exec(statement)?.[1];
      return body === undefined || isTrivial(body, language);
    }
    return /^(?:\. \. \.|[rbfuRBFU]{0,2}["'][\s\S]*["'])$/.test(statement);
  }
  return /^(?:\( void \) \w+|["'`][\s\S]*["'`]|[)\] ]*)$/.test(statement);
}
