#include <ctype.h>
#include <stddef.h>

/* Reads the decimal whole number that the field consists of, without sign, such as
 * the number of items in a request. Returns it, or -1 when the field holds anything else. */
int parse_count(const char *field) {
