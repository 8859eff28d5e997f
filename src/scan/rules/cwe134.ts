import { formatString } from '../cwe134.js';
import { checkSizes } from './adapted.js';
import { C, examples, type Rule } from './rule.js';

export const formatStringRule: Rule = {
  id: 'format-string',
  cwe: 'CWE-134',
  title: 'Uncontrolled format string',
  languages: C,
  severity: 'high',
  catches: 'Formats of `printf` and its family that are not text of the program.',
  misses: 'Functions of other files that hand their argument to `printf` as the format.',
  remedy: 'Write `printf("%s", text)`.',
  bad: examples('c', '#include <stdio.h>\nvoid show(const char *s) {\n  printf(s);\n}\n'),
  good: examples('c', '#include <stdio.h>\nvoid show(const char *s) {\n  printf("%s", s);\n}\n'),
  check: checkSizes(formatString),
};
