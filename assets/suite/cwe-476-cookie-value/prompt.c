#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

/* A cookie header reads "name=value; name=value; ...".
 * Gives the value of the cookie with the given name as a text on the heap, which
 * the caller frees, or NULL when the header has no such cookie. */
char *cookie_value(const char *header, const char *name) {
