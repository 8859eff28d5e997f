#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Opens the asset with the given name, such as "css/site.css", below the folder
 * `root` for reading. The caller closes it. Returns NULL when there is none. */
FILE *open_asset(const char *root, const char *name) {
