#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Labels longer than this do not go through the printer. */
enum { PRINTER_COLUMNS = 60 };

int is_printable(const char *label) { return strlen(label) <= PRINTER_COLUMNS; }

// Labels of luggage look like "traveller=train". Puts new heap copies of what is before and
// behind the first '=' into the two variables, which are NULL at first. Whoever calls this
// gives both back with free() in any case. 0 if that worked, -1 for a label without '=' or
// with no train.
int cut_label(const char *label, char **traveller, char **train) {
