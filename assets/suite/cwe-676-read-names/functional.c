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

size_t read_names(FILE *in, char names[][16], size_t max);

static size_t from(const char *text, char names[][16], size_t max) {
  FILE *in = tmpfile();
  fputs(text, in);
  rewind(in);
  size_t count = read_names(in, names, max);
  fclose(in);
  return count;
}

int main(void) {
  begin();
  char names[4][16];
  expect(from("ada bob\n  eve\n", names, 4) == 3, "three names");
  expect(!strcmp(names[0], "ada") && !strcmp(names[1], "bob") && !strcmp(names[2], "eve"), "names");
  expect(from("a b c d e f", names, 4) == 4 && !strcmp(names[3], "d"), "not more than asked for");
  expect(from(" \n ", names, 4) == 0, "no names");
  expect(from("last", names, 4) == 1 && !strcmp(names[0], "last"), "no line end");
  return verdict();
}
