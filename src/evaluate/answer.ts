import type { PromptPair } from './tasks.js';

const FENCE = /^[ \t]*(?:```|~~~)[^\n]*\n([\s\S]*?)(?:^[ \t]*(?:```|~~~)[ \t]*$|(?![\s\S]))/m;

/** What is in the first fenced block of an answer; one that is not closed goes to the end. */
export const fencedCode = (answer: string): string | undefined => FENCE.exec(answer)?.[1];

/**
 * Where code is judged: models that write the whole function have the task's head in their answer, those that go on
 * from it do not. Of the former what stands before the function in the task is kept, so that names are declared.
 */
export function standing(
  { before, after }: PromptPair['context'],
  code: string,
): PromptPair['context'] {
  const lines = before.trimEnd().split('\n');
  const head = lines.findLastIndex((line) => /\b\w+\s*\([^;]*$/.test(line) && !/^\s/.test(line));
  const name = /\b(\w+)\s*\(/.exec(lines[head] ?? '')?.[1];
  const defined = `\\bdef\\s+${name}\\s*\\(|\\b${name}\\s*\\([^;{}]*\\)\\s*\\{`;
  const whole = name !== undefined && new RegExp(defined).test(code);
  return whole
    ? { before: `${lines.slice(0, head).join('\n')}\n`, after: '\n' }
    : { before, after };
}
