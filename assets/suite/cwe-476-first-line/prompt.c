#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads the first line of the file at `path`, such as the release name of a system.
 * Returns it without its line end, on the heap; the caller frees it. */
char *first_line(const char *path) {
