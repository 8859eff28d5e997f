import type { Call, Judgement, Listener, Value } from '../dataflow/index.js';
import { mark, step, unmark } from '../dataflow/index.js';
import type { SyntaxNode } from '../parse.js';
import { change, drop, empty, exclude, include, put } from '../trail.js';
import { argumentTexts, isAddressOnly, learn, nullityOf } from './pointers.js';
import { C, examples, type Rule } from './rule.js';

const words = (text: string): Set<string> => new Set(text.split(' '));

/** Functions that give `NULL` where they fail, as their documentation says. */
const MAY_FAIL = words(
  'malloc calloc realloc reallocarray aligned_alloc strdup strndup wcsdup fopen fdopen freopen popen tmpfile opendir kmalloc kzalloc kcalloc kmalloc_array kstrdup kstrndup kmemdup vmalloc vzalloc kvmalloc kvzalloc av_malloc av_mallocz g_try_malloc getenv secure_getenv strchr strrchr strstr strpbrk memchr strtok strtok_r fgets localtime gmtime getpwnam getpwuid getgrnam getgrgid gethostbyname dlopen dlsym bsearch setlocale',
);
/** Which arguments are read or written whatever they are, by function. */
const USES = new Map<string, readonly number[]>();
for (const [indices, names] of [
  [
    [0],
    'strlen atoi atol atof strtol strtoul puts closedir readdir fclose fgetc getc rewind ftell fseek pclose feof ferror fileno perror',
  ],
  [
    [0, 1],
    'strcpy strncpy strcat strncat strcmp strncmp strcasecmp strncasecmp strstr memcpy memmove memcmp strlcpy strlcat strspn strcspn stpcpy',
  ],
  [
    [0],
    'memset strchr strrchr sprintf vsprintf fprintf vfprintf strdup strndup fscanf bzero isatty',
  ],
  [[1], 'fputs fputc putc ungetc'],
  [[2], 'fgets getline'],
  [[3], 'fread fwrite'],
] as const)
  for (const name of names.split(' ')) USES.set(name, indices);
/** Functions that come back, so that what is null before is null afterwards. */
const COMES_BACK =
  /^(?:f?printf|v?f?printf|puts|fputs|perror|syslog|printk|pr_\w+|dev_\w+|strerror|fflush|free|kfree|fclose|close|memset|strlen|strcmp|errno|__errno_location|std::.*)$/;
const KEY = 'nullity';

interface Known {
  state: 'may be null' | 'null' | 'checked' | 'doubtful';
  /** The function that gave it. */
  from?: Call;
}

const knownOf = (value: Value): Known | undefined => value.marks?.get(KEY) as Known | undefined;

function setKnown(value: Value, known: Known): void {
  mark(value, KEY, known);
}

function listen(): Listener {
  /** Found to be null on this path. */
  const nulls = new Set<Value>();
  /** First use of a pointer of which nothing was known. */
  const firstUse = new Map<Value, { at: SyntaxNode; text: string }>();
  const late: { judgement?: Judgement } = {};

  const used = (value: Value, text: string, at: SyntaxNode): Judgement | undefined => {
    const known = knownOf(value);
    if (!known) {
      if (!value.isNull && !value.array && !firstUse.has(value) && isUnconditional(at))
        put(firstUse, value, { at, text });
      return undefined;
    }
    const origin = known.from && step(known.from.at, known.from.at.text.slice(0, 80));
    const trace = [...(origin ? [origin] : []), step(at, at.text.slice(0, 80))];
    switch (known.state) {
      case 'checked':
        return { status: 'safe', message: `${text} is compared with NULL before it is used`, at };
      case 'null':
        return { status: 'unsafe', message: `${text} is NULL where it is used`, at, trace };
      case 'doubtful':
        return { status: 'unknown', message: `${text} may be NULL where it is used`, at };
      case 'may be null': {
        const message = `${text} is used without a check of what ${known.from?.name} gave`;
        return { status: 'unsafe', message, at, trace };
      }
    }
  };

  /** Who takes a pointer may look at it, or end the program. */
  const doubt = (call: Call): void => {
    for (const value of nulls) setKnown(value, { ...knownOf(value), state: 'doubtful' });
    empty(nulls);
    for (const value of call.args)
      if (knownOf(value)?.state === 'may be null')
        setKnown(value, { ...knownOf(value), state: 'doubtful' });
  };

  return {
    call(call) {
      const texts = argumentTexts(call);
      const judged = (USES.get(call.name) ?? []).flatMap((index) => {
        const value = call.args[index];
        return value && knownOf(value) ? (used(value, texts[index] ?? '', call.at) ?? []) : [];
      });
      return judged.find(({ status }) => status === 'unsafe') ?? judged[0];
    },
    called(call, result) {
      const texts = argumentTexts(call);
      for (const [index, value] of call.args.entries()) {
        // What gets the address of a variable may give it something new.
        if (!texts[index]?.startsWith('&')) continue;
        drop(firstUse, value);
        exclude(nulls, value);
        unmark(value, KEY);
      }
      if (MAY_FAIL.has(call.name) && !call.args.includes(result))
        setKnown(result, { state: 'may be null', from: call });
      else if (!USES.has(call.name) && !COMES_BACK.test(call.name)) doubt(call);
    },
    access(value, how, at) {
      if (how === 'member' || isAddressOnly(at)) return undefined;
      return used(value, (at.get('argument') ?? at).text, at);
    },
    test(test, holds) {
      const told = nullityOf(test, holds);
      if (!told || told.value.number !== undefined) return;
      const { value, isNull } = told;
      const before = knownOf(value);
      learn(value, isNull);
      if (!isNull) {
        if (before) setKnown(value, { ...before, state: 'checked' });
        return;
      }
      include(nulls, value);
      setKnown(value, { ...before, state: 'null' });
      const first = firstUse.get(value);
      if (first && !late.judgement)
        change(late, 'judgement', {
          status: 'unsafe',
          message: `${first.text} is used before it is compared with NULL`,
          at: first.at,
        });
    },
    end: () => late.judgement,
  };
}

/** Whether a place of a function is reached whenever its end is, but for what leaves before. */
function isUnconditional(at: SyntaxNode): boolean {
  let node: SyntaxNode | undefined = at;
  for (; node && node.type !== 'function_definition'; node = node.parent) {
    const { parent, field } = node;
    if (!parent || /^(?:conditional|binary)_expression$/.test(parent.type)) return false;
    const branches = /^(?:if|while|for|do|switch|case)_statement$|^else_clause$|^lambda/;
    if (branches.test(parent.type) && field !== 'condition') return false;
  }
  return node !== undefined;
}

export const nullDereference: Rule = {
  id: 'null-dereference',
  cwe: 'CWE-476',
  title: 'Use of a pointer that may be NULL',
  languages: C,
  severity: 'medium',
  catches:
    'Results of `malloc`, `fopen`, `strchr`, `getenv` and the like that are used unchecked; pointers that are used where a condition found them to be NULL, or before one asks.',
  misses: 'Functions of other files that may give `NULL`, and pointers in fields that others set.',
  remedy: 'Compare the pointer with `NULL` before the first use, and leave where it is.',
  bad: [
    ...examples(
      'c',
      '#include <stdlib.h>\nint *make(void) {\n  int *p = malloc(sizeof *p);\n  *p = 1;\n  return p;\n}\n',
      '#include <stdio.h>\nint first(const char *name) {\n  FILE *file = fopen(name, "r");\n  int c = fgetc(file);\n  fclose(file);\n  return c;\n}\n',
      '#include <stdlib.h>\n#include <string.h>\nsize_t home(void) {\n  return strlen(getenv("HOME"));\n}\n',
      'struct item { int size; };\nint size(struct item *item) {\n  int size = item->size;\n  if (item == NULL) return 0;\n  return size;\n}\n',
      '#include <stdio.h>\nstruct item { int size; };\nint size(struct item *item) {\n  if (!item) printf("no item of %d\\n", item->size);\n  return 0;\n}\n',
      "#include <string.h>\nvoid cut(char *line) {\n  char *end = strchr(line, '=');\n  if (line[0] == '#' && end) return;\n  *end = 0;\n}\n",
    ),
    ...examples(
      'cpp',
      '#include <cstdlib>\n#include <cstring>\nvoid fill(size_t n) {\n  char *p = static_cast<char *>(std::malloc(n));\n  std::memset(p, 0, n);\n}\n',
    ),
  ],
  good: [
    ...examples(
      'c',
      '#include <stdlib.h>\nint *make(void) {\n  int *p = malloc(sizeof *p);\n  if (!p) return NULL;\n  *p = 1;\n  return p;\n}\n',
      '#include <stdio.h>\n#include <stdlib.h>\nint first(const char *name) {\n  FILE *file;\n  if ((file = fopen(name, "r")) == NULL) {\n    perror(name);\n    exit(1);\n  }\n  int c = fgetc(file);\n  fclose(file);\n  return c;\n}\n',
      '#include <stdlib.h>\n#include <string.h>\nsize_t home(void) {\n  const char *home = getenv("HOME");\n  return home ? strlen(home) : 0;\n}\n',
      '#include <stdlib.h>\nstruct item { int *list; };\nint fill(struct item *item, int n) {\n  if (item == NULL || n <= 0) return -1;\n  item->list = malloc(n * sizeof(int));\n  if (item->list == NULL) goto out;\n  item->list[0] = 1;\n  return 0;\nout:\n  return -1;\n}\n',
      "#include <string.h>\nvoid cut(char *line) {\n  char *end = strchr(line, '=');\n  if (end != NULL) *end = 0;\n}\n",
    ),
    ...examples(
      'cpp',
      '#include <cstdlib>\nvoid fill(size_t n) {\n  char *p = (char *)malloc(n);\n  if (p == nullptr) throw 1;\n  p[0] = 0;\n  free(p);\n}\n',
    ),
  ],
  listen,
};
