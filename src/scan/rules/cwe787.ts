import { outOfBoundsWrite } from '../cwe787.js';
import { checkSizes } from './adapted.js';
import { C, examples, type Rule } from './rule.js';

export const outOfBoundsWriteRule: Rule = {
  id: 'out-of-bounds-write',
  cwe: 'CWE-787',
  title: 'Out-of-bounds write',
  languages: C,
  severity: 'critical',
  catches: 'Writes that are not shown to fit: `strcpy`, `sprintf`, `gets`, `memcpy`, indices.',
  misses: 'Buffers whose size no one in the function knows, such as fields of structures.',
  remedy: 'Use the bounded form (`snprintf`), with the size of the very buffer.',
  bad: examples(
    'c',
    '#include <string.h>\nvoid copy(const char *s) {\n  char b[8];\n  strcpy(b, s);\n}\n',
  ),
  good: examples(
    'c',
    '#include <stdio.h>\nvoid copy(const char *s) {\n  char b[8];\n  snprintf(b, sizeof(b), "%s", s);\n}\n',
  ),
  check: checkSizes(outOfBoundsWrite),
};
