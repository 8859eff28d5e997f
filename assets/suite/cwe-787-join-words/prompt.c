#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Joins `count` words with the character `separator` between them and stores
 * the text, ended by a NUL, in `out`, which has room for `size` bytes.
 * Returns the length of the stored text. */
size_t join_words(const char *const *words, size_t count, char separator, char *out, size_t size) {
