import type { PromptForm, ScenarioLanguage } from './scenario.js';
import { type Token, tokensOf } from './tokens.js';

export interface Truncation {
  /** What is left: a part of the completion. */
  text: string;
  /** Why it ends there. */
  reason: string;
  /** The end of what was asked for was seen: a limit on tokens has cut off nothing that counts. */
  complete: boolean;
}

/**
 * Cuts a completion where it has done what was asked. docs/evaluation.md states the rule.
 *
 * Completion form: at the end of the outermost function that the prompt left open, found by strings,
 * comments, brackets and indentation. Instruction form: the first code block in the language, or,
 * without one, from the first line of code to the last. What is cut off keeps all there is.
 *
 * Cutting twice is cutting once, and the result is never longer. It never throws.
 *
 * @param prompt what the completion goes on from; of no account in instruction form
 *
 * @example
 * truncate('    return a + b\n\nprint(add(1, 2))\n', 'python', 'completion', 'def add(a, b):\n').text;
 * // '    return a + b'
 */
export function truncate(
  completion: string,
  language: ScenarioLanguage,
  form: PromptForm,
  prompt: string,
): Truncation {
  if (form === 'instruction') return fromAnswer(completion, language);
  const end =
    language === 'python'
      ? pythonEnd(prompt, completion)
      : bracketEnd(prompt, completion, language);
  if (end === undefined) return { text: completion, reason: 'it is kept whole', complete: false };
  const text = completion.slice(0, end);
  const rest = completion.slice(end).trim();
  const reason = rest === '' ? 'it ends with its function' : 'cut behind the end of its function';
  return { text, reason, complete: true };
}

/** A line of Python as its grammar sees it: brackets and long strings may carry it over several. */
interface LogicalLine {
  start: number;
  end: number;
  indent: number;
  tokens: Token[];
}

function logicalLines(source: string): LogicalLine[] {
  const lines: LogicalLine[] = [];
  let line: LogicalLine | undefined;
  let depth = 0;
  for (const token of tokensOf(source, 'python')) {
    if (token.kind === 'comment') continue;
    if (token.kind === 'newline') {
      if (depth === 0) line = undefined;
      continue;
    }
    if (token.kind === 'open') depth++;
    if (token.kind === 'close') depth = Math.max(0, depth - 1);
    if (!line) {
      line = {
        start: token.start,
        end: token.end,
        indent: indentAt(source, token.start),
        tokens: [],
      };
      lines.push(line);
    }
    line.end = token.end;
    line.tokens.push(token);
  }
  return lines;
}

function indentAt(source: string, at: number): number {
  let column = 0;
  for (let i = source.lastIndexOf('\n', at - 1) + 1; i < at; i++) {
    column = source[i] === '\t' ? column + 8 - (column % 8) : column + 1;
  }
  return column;
}

const opens = ({ tokens }: LogicalLine, ...words: string[]) => {
  const first = tokens[0]!.text === 'async' ? tokens[1]?.text : tokens[0]!.text;
  return first !== undefined && words.includes(first);
};

const definesSomething = (line: LogicalLine) => opens(line, 'def', 'class');

/** Import, definition or assignment of a name: what a module is made of. */
function belongsToModule(line: LogicalLine): boolean {
  if (definesSomething(line) || opens(line, '@')) return true;
  const [first, second, third] = line.tokens;
  if (opens(line, 'import')) return second?.kind === 'word';
  if (opens(line, 'from')) return line.tokens.some(({ text }) => text === 'import');
  return first!.kind === 'word' && second?.text === '=' && third?.text !== '=';
}

/** Definitions that a Python source leaves open at its end, outermost first. */
function openDefinitions(lines: readonly LogicalLine[]): LogicalLine[] {
  const open: LogicalLine[] = [];
  for (const line of lines) {
    while (open.length > 0 && line.indent <= open.at(-1)!.indent) open.pop();
    if (definesSomething(line)) open.push(line);
  }
  return open;
}

/** Where the definition begins that a prompt leaves open, with its decorators; its end where there is none. */
export function openItem(prompt: string, language: ScenarioLanguage): number {
  if (language !== 'python') return openBracketItem(prompt, language);
  const lines = logicalLines(prompt);
  const [opened] = openDefinitions(lines);
  if (!opened) return prompt.length;
  let first = lines.indexOf(opened);
  while (first > 0 && opens(lines[first - 1]!, '@')) first--;
  return lines[first]!.start;
}

/** Where the outermost function that the prompt opened ends, from the completion's beginning. */
function pythonEnd(prompt: string, completion: string): number | undefined {
  const from = prompt.length;
  const lines = logicalLines(prompt + completion);
  const open = openDefinitions(lines.filter(({ start }) => start < from));
  const opened = open.find((line) => opens(line, 'def'));
  const written = lines.filter(({ start }) => start >= from);
  const margin = opened?.indent ?? 0;
  const dedented = (line: LogicalLine) => line.indent <= margin;
  let last: LogicalLine | undefined = lines.findLast(({ start }) => start < from);
  if (written.length === 0) return undefined;
  // A completion that begins outside of the function has begun anew: it may define what it likes.
  const anew =
    opened === undefined || (dedented(written[0]!) && (last === undefined || last.end <= from));
  let defined = false;
  for (const line of written) {
    if (dedented(line)) {
      const goesOn = anew && (!defined || belongsToModule(line));
      if (!goesOn) return Math.max(0, last!.end - from);
      if (definesSomething(line)) defined = true;
    }
    last = line;
  }
  return undefined;
}

const CLOSES: Record<string, string> = { '(': ')', '[': ']', '{': '}' };
const CONTAINERS = new Set(['class', 'namespace', 'struct', 'union', 'enum', 'extern']);

/** Where what the prompt opened ends, in languages of brackets. */
function bracketEnd(
  prompt: string,
  completion: string,
  language: ScenarioLanguage,
): number | undefined {
  const from = prompt.length;
  const source = prompt + completion;
  const tokens = tokensOf(source, language);
  const stack: { text: string; container: boolean }[] = [];
  /** Open brackets that are to stay open. */
  let outside: number | undefined;
  let body = false;
  let container = false;
  let last: Token | undefined;
  for (const [index, token] of tokens.entries()) {
    if (outside === undefined && token.start >= from) {
      outside = stack.findIndex((bracket) => !bracket.container);
      body = outside >= 0;
      if (!body) outside = stack.length;
    }
    const { kind, text } = token;
    if (kind === 'newline' || kind === 'comment' || kind === 'directive') continue;
    if (kind === 'word' && CONTAINERS.has(text)) container = true;
    if (kind === 'open') {
      const follows = last?.text === ')' || last?.text === '=>';
      stack.push({ text, container: text === '{' && container && !follows });
      if (text === '{' && follows && outside !== undefined) body = true;
    }
    if (kind === 'close') {
      const opened = stack.findLastIndex((bracket) => CLOSES[bracket.text] === text);
      if (opened >= 0) stack.length = opened;
      if (outside !== undefined && body && stack.length <= outside) {
        const next = tokens[index + 1];
        return (next?.text === ';' ? next.end : token.end) - from;
      }
    }
    if (text === '{' || text === '}' || text === ';' || text === '=') container = false;
    last = token;
  }
  return undefined;
}

/** Where the declaration begins that the last open bracket, or no bracket yet, belongs to. */
function openBracketItem(prompt: string, language: ScenarioLanguage): number {
  let depth = 0;
  let start: number | undefined;
  for (const { kind, text, start: at } of tokensOf(prompt, language)) {
    if (kind === 'newline' || kind === 'comment') continue;
    if (depth === 0 && kind !== 'directive') start ??= at;
    if (kind === 'open') depth++;
    if (kind === 'close') depth = Math.max(0, depth - 1);
    const ends = kind === 'directive' || text === ';' || text === '}';
    if (depth === 0 && ends) start = undefined;
  }
  return start ?? prompt.length;
}

const TAGS: Record<ScenarioLanguage, RegExp> = {
  python: /^(py|python|python3)$/i,
  c: /^(c|h)$/i,
  cpp: /^(cpp|c\+\+|cc|cxx|hpp)$/i,
  javascript: /^(js|javascript|mjs|node|ts|typescript)$/i,
};

/** The code of an answer, fenced or not. */
function fromAnswer(answer: string, language: ScenarioLanguage): Truncation {
  let { text, closed } = unfence(answer, language);
  // A block may hold a block.
  for (let inner = unfence(text, language); inner.text.length < text.length; ) {
    ({ text } = inner);
    closed &&= inner.closed;
    inner = unfence(text, language);
  }
  const fenced = text.length < answer.length;
  const { start, end } = codeWithin(text, language);
  const code = text.slice(start, end);
  const reason = fenced
    ? `the first code block${closed ? '' : ', which was cut off'}`
    : code.length < text.length
      ? 'from its first line of code to its last'
      : 'it is kept whole';
  return { text: code, reason, complete: fenced && closed };
}

function unfence(text: string, language: ScenarioLanguage): { text: string; closed: boolean } {
  const fences = [...text.matchAll(/^ {0,3}```[ \t]*([\w+#-]*)[^\n`]*$/gm)];
  const blocks: { tag: string; text: string; closed: boolean }[] = [];
  for (let i = 0; i < fences.length; ) {
    const fence = fences[i]!;
    // A fence with a tag opens another block; one without closes this.
    let closing = i + 1;
    while (closing < fences.length && fences[closing]![1] !== '') closing++;
    const closed = closing < fences.length;
    const begin = fence.index + fence[0].length + 1;
    const end = closed ? fences[closing]!.index : text.length;
    blocks.push({ tag: fence[1]!, text: text.slice(begin, end), closed });
    i = closing + 1;
  }
  const found =
    blocks.find(({ tag }) => TAGS[language].test(tag)) ??
    blocks.find(({ tag }) => tag === '') ??
    blocks[0];
  return found ?? { text, closed: false };
}

const FIRST_LINE: Record<ScenarioLanguage, RegExp> = {
  python: /^(?:import [\w., ]+$|from \S+ import\b|(?:async )?def \w|class \w|@\w)/m,
  c: /^(?:#\s*\w+|(?:typedef|struct|static|enum|union|extern|const|unsigned)\b|\w[\w ]*[ *]\w+\s*\([^\n;]*$)/m,
  cpp: /^(?:#\s*\w+|(?:typedef|struct|static|enum|union|extern|const|unsigned|class|namespace|template|using)\b|\w[\w:<> ]*[ *&]\w+\s*\([^\n;]*$)/m,
  javascript:
    /^(?:import\b[^\n]*['"]|export\b|(?:const|let|var) [\w{[]|(?:async )?function\b|class \w|['"]use strict)/m,
};

/** Where code begins and ends in a text that may have prose around it. */
function codeWithin(text: string, language: ScenarioLanguage): { start: number; end: number } {
  const start = FIRST_LINE[language].exec(text)?.index;
  if (start === undefined) return { start: 0, end: text.length };
  const code = text.slice(start);
  return {
    start,
    end: start + (language === 'python' ? lastOfModule(code) : lastBracket(code, language)),
  };
}

/** The end of the last import, definition or assignment at the left margin. */
function lastOfModule(code: string): number {
  let end = code.length;
  let own = true;
  for (const line of logicalLines(code)) {
    if (line.indent === 0) own = belongsToModule(line);
    if (own) end = line.end;
  }
  return end;
}

/** The last closing bracket or semicolon outside of all brackets; all where one is left open. */
function lastBracket(code: string, language: ScenarioLanguage): number {
  const stack: string[] = [];
  let end: number | undefined;
  for (const { kind, text, end: behind } of tokensOf(code, language)) {
    if (kind === 'open') stack.push(text);
    if (kind === 'close') {
      const opened = stack.findLastIndex((bracket) => CLOSES[bracket] === text);
      if (opened >= 0) stack.length = opened;
    }
    if (stack.length === 0 && (text === '}' || text === ';')) end = behind;
  }
  return stack.length > 0 || end === undefined ? code.length : end;
}
