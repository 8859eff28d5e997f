import { bufferBounds } from '../cwe119.js';
import { checkSizes } from './adapted.js';
import { C, examples, type Rule } from './rule.js';

export const bufferBoundsRule: Rule = {
  id: 'buffer-bounds',
  cwe: 'CWE-119',
  title: 'Operations beyond the bounds of a buffer',
  languages: C,
  severity: 'high',
  catches: 'Reads and writes that are not shown to stay within their buffer.',
  misses: 'Buffers whose size no one in the function knows, such as fields of structures.',
  remedy: 'Compare the index or the length with the size of the buffer first.',
  bad: examples('c', 'int get(int i) {\n  int table[4] = {1, 2, 3, 4};\n  return table[i];\n}\n'),
  good: examples(
    'c',
    'int get(int i) {\n  int table[4] = {1, 2, 3, 4};\n  if (i < 0 || i >= 4) return -1;\n  return table[i];\n}\n',
  ),
  check: checkSizes(bufferBounds),
};
