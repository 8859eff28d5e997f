#include <stddef.h>
#include <string.h>

enum { MAX_FIELDS = 8 };

/* Splits `line` in place at every `separator`: the separators become NUL, and the start
 * of each field goes to `fields`. Returns the number of fields stored there. */
int split_fields(char *line, char separator, char *fields[MAX_FIELDS]) {
