#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs the program `du -sb` on a folder, whose output starts with the number of bytes
 * that the folder and all below it take. Returns that number, or -1 when du failed. */
long folder_usage(const char *folder) {
