#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Uploads lie directly in one folder. Deletes the upload with the given name.
 * Returns 1 when it was deleted and 0 when there is no such upload. */
int delete_upload(const char *folder, const char *name) {
