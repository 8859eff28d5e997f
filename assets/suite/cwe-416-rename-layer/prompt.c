#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

/* A layer of a drawing; its name is on the heap. */
struct layer {
  char *name;
  int visible;
};

/* Gives the layer a copy of `name`, without leading spaces, as its name; the old one is
 * freed. Returns 0, or -1 when there is no memory. */
int rename_layer(struct layer *layer, const char *name) {
