#include <stdlib.h>
#include <string.h>

/* Gives the field as it stands in a CSV file: between double quotes, with every
 * double quote inside written twice. The text is on the heap; the caller frees it. */
char *csv_quote(const char *field) {
