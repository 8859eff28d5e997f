#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char TITLE[] = "Visitors' book";

/* Starts a new book with its title. */
int start_book(FILE *book) { return fprintf(book, "%s\n", TITLE) < 0 ? -1 : 0; }

// Appends what a visitor wrote: page, blank, the unchanged remark, newline.
// The result is 0 if all went well, otherwise -1.
int note_visit(FILE *book, int page, const char *remark) {
