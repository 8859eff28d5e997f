#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes a new empty scratch file in `folder`, which all users share, and opens it for
 * writing and reading. Its path goes to `path`, which has `size` bytes; the caller
 * closes and removes it. Returns NULL when it cannot be made. */
FILE *open_scratch(const char *folder, char *path, size_t size) {
