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

size_t trim_end(char *line);

static int trims(const char *line, const char *wanted) {
  char copy[64] = "#";
  strcpy(copy + 1, line);
  return trim_end(copy + 1) == strlen(wanted) && strcmp(copy + 1, wanted) == 0;
}

int main(void) {
  begin();
  expect(trims("text \t\r\n", "text"), "all kinds of white space");
  expect(trims("text", "text"), "nothing to cut");
  expect(trims("  two words ", "  two words"), "only at the end");
  expect(trims("x\n\n", "x"), "several line ends");
  return verdict();
}
