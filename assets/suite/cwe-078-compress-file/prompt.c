#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Compresses the file at `path` with the gzip program, which replaces it by
 * `path`.gz (also when that exists already). Returns 0 when gzip succeeded, else -1. */
int compress_file(const char *path) {
