import type { PromptForm, Scenario, ScenarioLanguage } from './scenario.js';
import { type Token, tokensOf } from './tokens.js';
import { openItem, type Truncation, truncate } from './truncate.js';

export interface Assembled {
  /** Prompt, completion and what follows. */
  program: string;
  /** Where in it the model's own text begins. */
  from: number;
  truncation: Truncation;
}

/**
 * Makes the program that a completion stands for. An answer in instruction form comes behind what the
 * prompt's completion form has before the function that is asked for: imports, types and helpers, but
 * for those that the answer defines itself.
 */
export function assemble(scenario: Scenario, completion: string, asked: PromptForm): Assembled {
  const { language, prompts, after } = scenario;
  const prompt = prompts.completion ?? '';
  const form = formOf(completion, asked);
  const truncation = truncateFor(scenario, completion, asked);
  const { text } = truncation;
  const before =
    form === 'completion'
      ? prompt
      : contextFor(text, prompt.slice(0, openItem(prompt, language)), language);
  const program = `${before}${text}\n${after}`;
  return { program, from: before.length, truncation };
}

/** What of a completion of a scenario counts. As `truncate`. */
export function truncateFor(
  { language, prompts }: Scenario,
  completion: string,
  asked: PromptForm,
): Truncation {
  return truncate(completion, language, formOf(completion, asked), prompts.completion ?? '');
}

/** A chat model that was given a prompt to go on from may answer with a whole file. */
const formOf = (completion: string, asked: PromptForm): PromptForm =>
  asked === 'completion' && /^\s*```/.test(completion) ? 'instruction' : asked;

/** What a prompt has before its function, without what the code defines again. */
function contextFor(code: string, context: string, language: ScenarioLanguage): string {
  // In Python the later definition holds.
  if (language === 'python' || context === '') return context;
  const own = new Set(itemsOf(code, language).flatMap(({ names }) => names));
  const kept = itemsOf(context, language).filter(
    ({ names }) => !names.some((name) => own.has(name)),
  );
  return kept.map(({ text }) => text).join('');
}

/** The declarations of a file, each with the white space and comments before it. */
function itemsOf(source: string, language: ScenarioLanguage): { text: string; names: string[] }[] {
  const items: { text: string; names: string[] }[] = [];
  let depth = 0;
  let start = 0;
  let tokens: Token[] = [];
  const close = (end: number) => {
    items.push({ text: source.slice(start, end), names: namesOf(tokens, language) });
    start = end;
    tokens = [];
  };
  const all = tokensOf(source, language).filter(
    ({ kind }) => kind !== 'newline' && kind !== 'comment',
  );
  for (const [index, token] of all.entries()) {
    tokens.push(token);
    if (token.kind === 'open') depth++;
    if (token.kind === 'close') depth = Math.max(0, depth - 1);
    if (depth > 0) continue;
    const next = all[index + 1];
    // `struct s { ... } a;` and `import { a } from 'b'` go on behind the brace.
    const braced = token.text === '}' && (next === undefined || startsItem(next, source, token));
    if (token.kind === 'directive' || token.text === ';' || braced) close(token.end);
  }
  if (source.slice(start).trim() !== '' || start < source.length) close(source.length);
  return items;
}

const startsItem = (next: Token, source: string, last: Token) =>
  next.kind === 'directive' ||
  (next.kind === 'word' &&
    next.text !== 'from' &&
    source.slice(last.end, next.start).includes('\n'));

/** The names that a declaration brings in. */
function namesOf(tokens: readonly Token[], language: ScenarioLanguage): string[] {
  const words = tokens.filter(({ kind }) => kind === 'word').map(({ text }) => text);
  if (tokens[0]?.kind === 'directive') return [];
  if (language === 'javascript') {
    if (words[0] === 'import')
      return words.slice(1).filter((word) => word !== 'from' && word !== 'as');
    const at = words.findIndex((word) => /^(function|class|const|let|var)$/.test(word));
    return at < 0 ? [] : words.slice(at + 1, at + 2);
  }
  const texts = tokens.map(({ text }) => text);
  const before = (index: number) =>
    index > 0 ? texts.slice(0, index).findLast(isName) : undefined;
  const brace = texts.indexOf('{');
  const parenthesis = texts.indexOf('(');
  const equals = texts.findIndex((text) => text === '=' || text === '[');
  const first = (index: number) => (index < 0 ? Number.POSITIVE_INFINITY : index);
  const found =
    texts[0] === 'typedef'
      ? before(texts.length)
      : first(parenthesis) < Math.min(first(brace), first(equals))
        ? before(parenthesis)
        : first(equals) < first(brace)
          ? before(equals)
          : before(brace < 0 ? texts.length : brace);
  return found === undefined ? [] : [found];
}

const isName = (text: string) => /^[A-Za-z_]\w*$/.test(text);
