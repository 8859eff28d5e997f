import { heapListener } from './heap.js';
import { C, examples, type Rule } from './rule.js';

export const useAfterFree: Rule = {
  id: 'use-after-free',
  cwe: 'CWE-416',
  title: 'Use after free',
  languages: C,
  severity: 'critical',
  catches:
    'Memory that is read, written, handed on or returned after it was freed on the same path, under any name of that pointer; frees in functions of the same file, `realloc` that succeeded, streams after `fclose`, and what was given to a function named like a destructor (`node_destroy(node)`).',
  misses:
    'Pointers to the same memory in structures and lists, reference counts, and what other files or threads free.',
  remedy: 'Free last, and set the pointer to `NULL` where it lives on.',
  bad: [
    ...examples(
      'c',
      '#include <stdlib.h>\n#include <string.h>\nint first(const char *s) {\n  char *copy = strdup(s);\n  if (!copy) return -1;\n  free(copy);\n  return copy[0];\n}\n',
      '#include <stdlib.h>\nstruct node { int value; struct node *next; };\nvoid clear(struct node *head) {\n  while (head) {\n    free(head);\n    head = head->next;\n  }\n}\n',
      '#include <stdio.h>\n#include <stdlib.h>\nchar *load(int bad) {\n  char *data = malloc(16);\n  if (!data) return NULL;\n  if (bad) {\n    free(data);\n    goto out;\n  }\n  data[0] = 0;\nout:\n  return data;\n}\n',
      '#include <stdlib.h>\nvoid drop(int *p) { free(p); }\nint take(void) {\n  int *p = malloc(sizeof *p);\n  int *q = p;\n  if (!p) return 0;\n  *p = 1;\n  drop(p);\n  return *q;\n}\n',
      'struct packet { int id; };\nvoid packet_release(struct packet *packet);\nint done(struct packet *packet) {\n  packet_release(packet);\n  return packet->id;\n}\n',
      '#include <stdio.h>\nint count(const char *name) {\n  FILE *file = fopen(name, "r");\n  if (file == NULL) return -1;\n  fclose(file);\n  return fgetc(file);\n}\n',
    ),
    ...examples(
      'cpp',
      'struct Item { int id; };\nint take(Item *item) {\n  delete item;\n  return item->id;\n}\n',
    ),
  ],
  good: [
    ...examples(
      'c',
      '#include <stdlib.h>\n#include <string.h>\nint first(const char *s) {\n  char *copy = strdup(s);\n  if (!copy) return -1;\n  int c = copy[0];\n  free(copy);\n  return c;\n}\n',
      '#include <stdlib.h>\nstruct node { int value; struct node *next; };\nvoid clear(struct node *head) {\n  while (head) {\n    struct node *next = head->next;\n    free(head);\n    head = next;\n  }\n}\n',
      '#include <stdlib.h>\nchar *load(int bad) {\n  char *data = malloc(16);\n  if (!data) return NULL;\n  if (bad) {\n    free(data);\n    data = NULL;\n  }\n  return data;\n}\n',
      '#include <stdlib.h>\nint grow(char **text, size_t n) {\n  char *more = realloc(*text, n);\n  if (!more) {\n    free(*text);\n    *text = NULL;\n    return -1;\n  }\n  *text = more;\n  return 0;\n}\n',
      'struct packet { int id; };\nvoid packet_release(struct packet *packet);\nint done(struct packet *packet) {\n  int id = packet->id;\n  packet_release(packet);\n  return id;\n}\nint retry(struct packet *packet) {\n  pthread_mutex_release(packet);\n  return packet->id;\n}\n',
      '#include <stdlib.h>\nstruct box { char *name; };\nvoid rename_box(struct box *box, char *name) {\n  free(box->name);\n  box->name = name;\n  box->name[0] = 0;\n}\n',
    ),
    ...examples(
      'cpp',
      'struct Item { int id; };\nint take(Item *item) {\n  int id = item->id;\n  delete item;\n  return id;\n}\n',
    ),
  ],
  listen: () => heapListener('use after free'),
};
