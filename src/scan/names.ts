import { problemsOfC } from './names-c.js';
import { problemsOfPython } from './names-python.js';
import type { Parsed } from './parse.js';
import type { Language } from './types.js';

/**
 * What keeps a source from being well-formed: a syntax error, a name that nothing defines, a call
 * with an implausible number of arguments. Types are not checked.
 *
 * @returns one line each, e.g. "line 4: name `bfu` is not defined"
 */
export function problemsOf(parsed: Parsed, language: Language): string[] {
  if (parsed.unread) return [`cannot be read: ${parsed.unread}`];
  if (parsed.errorLine !== undefined) return [`line ${parsed.errorLine}: syntax error`];
  const problems = language === 'c' ? problemsOfC(parsed.root) : problemsOfPython(parsed.root);
  return [...new Set(problems)];
}
