#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

/* Splits a setting "key=value" at its first '='. Stores copies of both parts on the
 * heap in `*key` and `*value`; the caller frees both, whatever is returned, and has
 * set them to NULL before the call.
 * Returns 0, or -1 when the text has no '=' or the value is empty. */
int parse_pair(const char *text, char **key, char **value) {
