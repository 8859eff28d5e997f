#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

/* Writes one line to the event log: the number of the event, a space, the message of
 * the client as it is, and a line end. Returns 0, or -1 when it could not be written. */
int write_event(FILE *log, int number, const char *message) {
