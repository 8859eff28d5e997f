#include <ctype.h>
#include <string.h>

/* Cuts white space (spaces, tabs, line ends) off the end of the line, in place.
 * Returns the new length. */
size_t trim_end(char *line) {
