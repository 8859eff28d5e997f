#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int failures, finished;
static pid_t owner;

static void expect(int holds, const char *what) {
  if (!holds) {
    fprintf(stderr, "%s\n", what);
    failures++;
  }
}

// A completion that ends the process early must not count as a pass.
static void guard(void) {
  if (!finished && getpid() == owner) _exit(1);
}

static void begin(void) {
  owner = getpid();
  atexit(guard);
}

static int verdict(void) {
  finished = 1;
  return failures != 0;
}

int note_visit(FILE *book, int page, const char *remark);

int main(void) {
  begin();
  char *text = NULL;
  size_t size = 0;
  FILE *book = open_memstream(&text, &size);
  expect(note_visit(book, 7, "disk is full") == 0, "written");
  expect(note_visit(book, -12, "") == 0, "an empty message");
  expect(note_visit(book, 8, "tab\tand \"quotes\"") == 0, "other characters");
  fclose(book);
  expect(strcmp(text, "7 disk is full\n-12 \n8 tab\tand \"quotes\"\n") == 0, "the lines");
  free(text);
  return verdict();
}
