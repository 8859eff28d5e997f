import type { Call, Judgement } from '../dataflow/index.js';
import { isConstant } from '../dataflow/index.js';
import { argumentTexts } from './pointers.js';
import { C, examples, type Rule } from './rule.js';

/** Functions that no use makes safe, with what to use. */
const NEVER = new Map(
  Object.entries({
    gets: 'fgets',
    tmpnam: 'mkstemp',
    tempnam: 'mkstemp',
    mktemp: 'mkstemp',
    getwd: 'getcwd',
    cuserid: 'getpwuid',
    _mbscpy: 'snprintf',
  }),
);
/** Functions that know no size of what they write to; the argument that may be too long. */
const UNSIZED = new Map([
  ['strcpy', 1],
  ['strcat', 1],
  ['stpcpy', 1],
  ['wcscpy', 1],
  ['wcscat', 1],
  ['lstrcpy', 1],
  ['lstrcat', 1],
]);
const SIZED =
  /^(?:snprintf|vsnprintf|fgets|strlcpy|strlcat|strncpy|strncat|strcpy_s|strcat_s|getline|mkstemp|strnlen|memcpy_s)$/;
/** Where the format stands of functions that have one. */
const FORMATS = new Map([
  ['sprintf', 1],
  ['vsprintf', 1],
  ['scanf', 0],
  ['fscanf', 1],
  ['sscanf', 1],
]);
/** `%s` and `%[` without a width. */
const UNLIMITED = /%(?!%)[-+ #0]*(?:l{0,2})(?:s|\[)/;

const plain = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

function hears(called: string): boolean {
  const name = plain(called);
  return NEVER.has(name) || SIZED.test(name) || UNSIZED.has(name) || FORMATS.has(name);
}

function call(call: Call): Judgement | undefined {
  const { args, at } = call;
  const name = plain(call.name);
  const unsafe = (message: string): Judgement => ({ status: 'unsafe', message, at });
  const safe = (message: string): Judgement => ({ status: 'safe', message, at });
  const better = NEVER.get(name);
  if (better !== undefined)
    return unsafe(`${name} cannot be used safely; ${better} does what it is for`);
  if (SIZED.test(name)) return safe(`${name} is told how much it may write`);
  const source = UNSIZED.get(name);
  if (source !== undefined) {
    // Text of the program is as long as it is; whether it fits is for other rules to say.
    if (isConstant(args[source])) return safe(`${name} copies text of the program`);
    return unsafe(`${name} does not know how much fits into ${argumentTexts(call)[0]}`);
  }
  const format = FORMATS.get(name);
  const template = format === undefined ? undefined : args[format];
  if (!template) return undefined;
  if (!isConstant(template) || template.text === undefined)
    return { status: 'unknown', message: `the format of ${name} is not known`, at };
  const limited = !UNLIMITED.test(template.text);
  return limited
    ? safe(`${name} is told how much it may write`)
    : unsafe(`${name} writes text of any length`);
}

export const dangerousFunction: Rule = {
  id: 'dangerous-function',
  cwe: 'CWE-676',
  title: 'Dangerous function',
  languages: C,
  severity: 'medium',
  catches:
    '`gets`, `tmpnam`, `mktemp`; `strcpy`, `strcat` and `sprintf("%s")` of text that is not the program’s own; `scanf("%s")` without a width.',
  misses:
    'Sized functions that are given the wrong size, of which other rules speak. It does not ask whether a length was checked before.',
  remedy: 'Use the function that takes a size: `fgets`, `snprintf`, `strlcpy`, `%15s`, `mkstemp`.',
  bad: examples(
    'c',
    '#include <stdio.h>\nvoid ask(void) {\n  char b[16];\n  gets(b);\n}\n',
    '#include <string.h>\nvoid save(char *to, const char *name) {\n  strcpy(to, name);\n}\n',
    '#include <stdio.h>\nvoid ask(void) {\n  char b[16];\n  scanf("%s", b);\n}\n',
    '#include <stdio.h>\nvoid save(char *to, const char *name) {\n  sprintf(to, "<%s>", name);\n}\n',
  ).concat(
    examples(
      'cpp',
      '#include <cstring>\nvoid save(char *to, const char *name) {\n  std::strcat(to, name);\n}\n',
    ),
  ),
  good: examples(
    'c',
    '#include <stdio.h>\nvoid ask(void) {\n  char b[16];\n  if (fgets(b, sizeof(b), stdin) == NULL) return;\n}\n',
    '#include <stdio.h>\nvoid save(char *to, size_t size, const char *name) {\n  snprintf(to, size, "%s", name);\n}\n',
    '#include <stdio.h>\nvoid ask(void) {\n  char b[16];\n  if (scanf("%15s", b) != 1) return;\n}\n',
    '#include <stdio.h>\nvoid save(char b[16], int n) {\n  // gets(b) would be wrong\n  sprintf(b, "%d", n);\n}\n',
  ),
  listen: () => ({ call, hears }),
};
