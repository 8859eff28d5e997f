#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Composes the text of a visitor's badge, "NAME (company)", with the name in capitals;
 * without a company (NULL or empty) it is the name alone.
 * The text is on the heap and the caller frees it. */
char *badge_text(const char *name, const char *company) {
