import type { CFinding } from '../flow-c.js';
import { checkSizes } from './adapted.js';
import { C, examples, type Rule } from './rule.js';

/** Writes whose length nothing limits, and those that are shown to fit. */
const copies = (findings: readonly CFinding[]): CFinding[] =>
  findings.filter(
    ({ kind, status, unbounded }) =>
      kind === 'write' && (status !== 'unsafe' || unbounded === true),
  );

/** Writes to memory of one kind; where the memory is not known, others speak. */
const writesTo =
  (memory: NonNullable<CFinding['memory']>) =>
  (findings: readonly CFinding[]): CFinding[] =>
    findings.filter((finding) => finding.kind === 'write' && finding.memory === memory);

const common = {
  languages: C,
  severity: 'critical',
  misses: 'Buffers whose size no one in the function knows, such as fields of structures.',
} as const;

export const classicOverflow: Rule = {
  ...common,
  id: 'classic-overflow',
  cwe: 'CWE-120',
  title: 'Copy without a look at the size of the input',
  catches:
    'Copies whose length nothing limits: `strcpy`, `strcat`, `sprintf("%s")`, `gets`, loops.',
  remedy: 'Give the size of the buffer (`snprintf`), or compare the length with it first.',
  bad: examples(
    'c',
    '#include <string.h>\nvoid save(char *name) {\n  char b[16];\n  strcpy(b, name);\n}\n',
    '#include <stdio.h>\nvoid save(const char *name) {\n  char b[16];\n  sprintf(b, "<%s>", name);\n}\n',
    '#include <stdio.h>\nvoid ask(void) {\n  char b[16];\n  gets(b);\n}\n',
    '#include <string.h>\nvoid save(const char *name) {\n  char b[16] = "a";\n  strcat(b, name);\n}\n',
  ),
  good: examples(
    'c',
    '#include <string.h>\nvoid save(char *name) {\n  char b[16];\n  if (strlen(name) >= sizeof(b)) return;\n  strcpy(b, name);\n}\n',
    '#include <stdio.h>\nvoid save(const char *name) {\n  char b[16];\n  snprintf(b, sizeof(b), "<%s>", name);\n}\n',
    '#include <stdio.h>\nvoid ask(void) {\n  char b[16];\n  if (!fgets(b, sizeof(b), stdin)) return;\n}\n',
    '#include <stdlib.h>\n#include <string.h>\nchar *copy(const char *name) {\n  char *b = malloc(strlen(name) + 1);\n  if (b == NULL) return NULL;\n  strcpy(b, name);\n  return b;\n}\n',
  ),
  check: checkSizes(copies),
};

export const stackOverflow: Rule = {
  ...common,
  id: 'stack-overflow',
  cwe: 'CWE-121',
  title: 'Overflow of a buffer on the stack',
  catches: 'Writes to arrays of the function (or file) that are not shown to fit.',
  remedy: 'Compare the index or the length with `sizeof` of the array first.',
  bad: examples(
    'c',
    '#include <string.h>\nvoid save(const char *name) {\n  char b[16];\n  strcpy(b, name);\n}\n',
    '#include <string.h>\nvoid save(const char *data, size_t n) {\n  char b[16];\n  memcpy(b, data, n);\n}\n',
    'void put(int i) {\n  int table[4];\n  table[i] = 1;\n}\n',
    '#include <string.h>\nvoid save(const char *data, size_t n) {\n  char b[16];\n  if (n > 32) return;\n  memcpy(b, data, n);\n}\n',
  ),
  good: examples(
    'c',
    '#include <string.h>\nvoid save(const char *name) {\n  char b[16];\n  if (strlen(name) > 15) return;\n  strcpy(b, name);\n}\n',
    '#include <string.h>\nvoid save(const char *data, size_t n) {\n  char b[16];\n  if (n > sizeof(b)) n = sizeof(b);\n  memcpy(b, data, n);\n}\n',
    'int put(int i) {\n  int table[4] = {0};\n  if (i < 0 || i > 3) return -1;\n  table[i] = 1;\n  return table[0];\n}\n',
    '#include <stdio.h>\nvoid save(int n) {\n  char b[16];\n  snprintf(b, sizeof(b), "%d", n);\n}\n',
  ),
  check: checkSizes(writesTo('declared')),
};

export const heapOverflow: Rule = {
  ...common,
  id: 'heap-overflow',
  cwe: 'CWE-122',
  title: 'Overflow of a buffer on the heap',
  catches: 'Writes to memory that the function allocated which are not shown to fit.',
  remedy: 'Allocate for what is written, its final NUL too, or limit what is written to that.',
  bad: examples(
    'c',
    '#include <stdlib.h>\n#include <string.h>\nchar *copy(const char *s) {\n  char *b = malloc(strlen(s));\n  if (!b) return NULL;\n  strcpy(b, s);\n  return b;\n}\n',
    '#include <stdlib.h>\n#include <string.h>\nchar *copy(const char *s) {\n  char *b = malloc(64);\n  if (!b) return NULL;\n  strcpy(b, s);\n  return b;\n}\n',
    '#include <stdlib.h>\n#include <string.h>\nchar *copy(const char *data, size_t n) {\n  char *b = malloc(64);\n  if (!b) return NULL;\n  memcpy(b, data, n);\n  return b;\n}\n',
    '#include <stdlib.h>\nint *fill(int n) {\n  int *b = malloc(n * sizeof(int));\n  if (!b) return NULL;\n  for (int i = 0; i <= n; i++) b[i] = 0;\n  return b;\n}\n',
  ),
  good: examples(
    'c',
    '#include <stdlib.h>\n#include <string.h>\nchar *copy(const char *s) {\n  char *b = malloc(strlen(s) + 1);\n  if (!b) return NULL;\n  strcpy(b, s);\n  return b;\n}\n',
    '#include <stdio.h>\n#include <stdlib.h>\nchar *copy(const char *s) {\n  char *b = malloc(64);\n  if (!b) return NULL;\n  snprintf(b, 64, "%s", s);\n  return b;\n}\n',
    '#include <stdlib.h>\n#include <string.h>\nchar *copy(const char *data, size_t n) {\n  if (n > 64) return NULL;\n  char *b = malloc(64);\n  if (!b) return NULL;\n  memcpy(b, data, n);\n  return b;\n}\n',
    '#include <stdlib.h>\n#include <string.h>\nchar *fill(const char *data, size_t n) {\n  char *b = malloc(n + 1);\n  if (!b) return NULL;\n  memcpy(b, data, n);\n  b[n] = 0;\n  return b;\n}\n',
  ),
  check: checkSizes(writesTo('allocated')),
};
