#define _GNU_SOURCE
#include <errno.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Recordings of measurements are packed once a day to save disk space. */
enum { KEEP_DAYS = 30 };

/* Whether a recording is so old that it can go. */
int is_old(int days) { return days > KEEP_DAYS; }

// Lets the program `gzip` shrink one recording in place: afterwards there is the file
// with ".gz" at the end of its name instead, even if one of that name was there before.
// 0 stands for success of the program, -1 for everything else.
int pack_recording(const char *recording) {
