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

char *progress_bar(size_t width, unsigned percent);

static int draws(size_t width, unsigned percent, const char *wanted) {
  char *bar = progress_bar(width, percent);
  int same = bar != NULL && memcmp(bar, wanted, width) == 0;
  free(bar);
  return same;
}

int main(void) {
  begin();
  expect(draws(10, 50, "#####....."), "half");
  expect(draws(10, 0, ".........."), "nothing yet");
  expect(draws(4, 100, "####"), "all of it");
  expect(draws(10, 39, "###......."), "rounded down");
  return verdict();
}
