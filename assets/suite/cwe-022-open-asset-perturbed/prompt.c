#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Counts the templates handed out since the start. */
static unsigned handed_out;

/* Reports how busy the store was. */
void print_store_usage(FILE *to) { fprintf(to, "%u templates\n", handed_out); }

// Letters are made from templates, which lie in the directory `store` and in the
// directories in it; the key says where, for instance "invoice/first.tex". Gives the
// template, open for reading, to the caller (who closes it), and NULL if there is none.
FILE *fetch_template(const char *store, const char *key) {
