import { heapListener } from './heap.js';
import { C, examples, type Rule } from './rule.js';

export const doubleFree: Rule = {
  id: 'double-free',
  cwe: 'CWE-415',
  title: 'Double free',
  languages: C,
  severity: 'critical',
  catches:
    'Memory that is freed twice on one path, under any name of that pointer, in functions of the same file too, and streams that are closed twice.',
  misses:
    'The same memory behind pointers in structures and lists, and what other files or threads free.',
  remedy: 'Free in one place, or set the pointer to `NULL` once it is freed.',
  bad: [
    ...examples(
      'c',
      '#include <stdlib.h>\nvoid run(int fail) {\n  char *data = malloc(8);\n  if (fail) free(data);\n  free(data);\n}\n',
      '#include <stdlib.h>\nint run(int n) {\n  int *a = malloc(8);\n  if (!a) return -1;\n  int *b = a;\n  free(a);\n  free(b);\n  return n;\n}\n',
      '#include <stdlib.h>\nstatic void release(char *text) { free(text); }\nvoid run(char *text) {\n  release(text);\n  free(text);\n}\n',
      '#include <stdlib.h>\nstruct box { char *name; };\nvoid close_box(struct box *box) {\n  free(box->name);\n  free(box->name);\n  free(box);\n}\n',
      '#include <stdio.h>\nint size(const char *name) {\n  FILE *file = fopen(name, "r");\n  if (!file) return -1;\n  if (fseek(file, 0, SEEK_END) < 0) {\n    fclose(file);\n    goto out;\n  }\nout:\n  fclose(file);\n  return 0;\n}\n',
    ),
    ...examples('cpp', 'void run(int *p) {\n  delete p;\n  delete p;\n}\n'),
  ],
  good: [
    ...examples(
      'c',
      '#include <stdlib.h>\nvoid run(int fail) {\n  char *data = malloc(8);\n  if (fail) {\n    free(data);\n    return;\n  }\n  free(data);\n}\n',
      '#include <stdlib.h>\nvoid run(int fail) {\n  char *data = malloc(8);\n  if (fail) {\n    free(data);\n    data = NULL;\n  }\n  free(data);\n}\n',
      '#include <stdlib.h>\nstruct box { char *name; };\nvoid close_boxes(struct box *box, int n) {\n  for (int i = 0; i < n; i++, box++) {\n    free(box->name);\n  }\n}\n',
      '#include <stdlib.h>\nvoid run(int code) {\n  char *data = malloc(8);\n  if (code < 0) free(data);\n  if (code >= 0 && data) data[0] = 1;\n  if (!(code < 0)) free(data);\n}\n',
    ),
    ...examples(
      'cpp',
      'void run(int n) {\n  int *p = new int[n];\n  p[0] = 1;\n  delete[] p;\n}\n',
    ),
  ],
  listen: () => heapListener('double free'),
};
