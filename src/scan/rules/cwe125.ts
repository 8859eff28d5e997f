import type { CFinding } from '../flow-c.js';
import { checkSizes } from './adapted.js';
import { C, examples, type Rule } from './rule.js';

/** Reads; here one that stays within its buffer is what a function is called secure for. */
const reads = (findings: readonly CFinding[]): CFinding[] =>
  findings
    .filter(({ kind }) => kind === 'read')
    .map((finding) => (finding.status === 'minor' ? { ...finding, status: 'safe' } : finding));

export const outOfBoundsRead: Rule = {
  id: 'out-of-bounds-read',
  cwe: 'CWE-125',
  title: 'Out-of-bounds read',
  languages: C,
  severity: 'high',
  catches: 'Indices and lengths of reads that are not shown to stay within their buffer.',
  misses: 'Buffers whose size no one in the function knows, such as fields of structures.',
  remedy: 'Compare the index or the length with the size of the buffer first, from below too.',
  bad: examples(
    'c',
    'int get(int i) {\n  int table[4] = {1, 2, 3, 4};\n  return table[i];\n}\n',
    'int get(int i) {\n  int table[4] = {1, 2, 3, 4};\n  if (i > 4) return -1;\n  return table[i];\n}\n',
    'int get(const int *list, int count, int i) {\n  if (i > count) return -1;\n  return list[i];\n}\n',
    'static const char *names[3] = {"a", "b", "c"};\nconst char *name(int i) {\n  return names[i];\n}\n',
  ),
  good: examples(
    'c',
    'int get(int i) {\n  int table[4] = {1, 2, 3, 4};\n  if (i < 0 || i >= 4) return -1;\n  return table[i];\n}\n',
    'int get(unsigned i) {\n  int table[4] = {1, 2, 3, 4};\n  return i < sizeof(table) / sizeof(table[0]) ? table[i] : -1;\n}\n',
    'int get(const int *list, int count, int i) {\n  if (i < 0 || i >= count) return -1;\n  return list[i];\n}\n',
    'int sum(const int *list, int count) {\n  int sum = 0;\n  for (int i = 0; i < count; i++) sum += list[i];\n  return sum;\n}\n',
  ),
  check: checkSizes(reads),
};
