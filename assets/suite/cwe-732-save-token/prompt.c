#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Stores the login token of the user, followed by a line end, in the file at `path`;
 * what stood there before is replaced. Returns 0, or -1 when it could not be stored. */
int save_token(const char *path, const char *token) {
