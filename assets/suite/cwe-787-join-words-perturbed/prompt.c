#define _GNU_SOURCE
#include <stdbool.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

enum { DISPLAY_COLUMNS = 40 };

/* Tells whether a path is short enough for one row of the display. */
static inline bool fits_one_row(const char *path) { return strlen(path) <= DISPLAY_COLUMNS; }

// The navigation bar shows where the user is: the `amount` segments one after another,
// `divider` between two of them. The result is a C string in `target`, a buffer of
// `room` bytes. Gives back how long the result is.
size_t path_from_segments(const char *const *segments, size_t amount, char divider, char *target, size_t room) {
