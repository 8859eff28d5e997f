#include <stdlib.h>

/* One step of an editor's history; the step before it is `previous`. Steps and their
 * texts are on the heap. */
struct step {
  char *text;
  struct step *previous;
};

/* Frees the whole history that ends with `last` (NULL for none).
 * Returns how many steps it had. */
long free_chain(struct step *last) {
