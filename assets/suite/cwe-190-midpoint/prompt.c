#include <stddef.h>

typedef int (*read_entry)(void *table, int position);

/* Searches a sorted table that is too large for memory by halving. The entries have
 * the positions `first` to `last`, both counting; `read` gives the entry at one of them.
 * Returns the position of an entry equal to `wanted`, or -1. */
int find_sorted(void *table, read_entry read, int first, int last, int wanted) {
