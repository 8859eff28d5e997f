#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 16 };

/* Reads names, which are separated by white space, from `in`: at most `max` of them.
 * A name takes NAME_SIZE bytes with its NUL. Returns how many names were read. */
size_t read_names(FILE *in, char names[][NAME_SIZE], size_t max) {
