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

int main(void) {
  begin();
  for (size_t width = 1; width < 40; width++) {
    char *bar = progress_bar(width, 60);
    expect(bar == NULL || strlen(bar) == width, "the bar is ended");
    free(bar);
  }
  char *bar = progress_bar(5, 250);
  free(bar);
  return verdict();
}
