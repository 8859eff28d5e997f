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

struct step {
  char *text;
  struct step *previous;
};
long free_chain(struct step *last);

static struct step *chain(int count) {
  struct step *last = NULL;
  for (int i = 0; i < count; i++) {
    struct step *s = malloc(sizeof *s);
    *s = (struct step){i % 2 ? strdup("typed") : NULL, last};
    last = s;
  }
  return last;
}

int main(void) {
  begin();
  expect(free_chain(NULL) == 0, "no history");
  expect(free_chain(chain(1)) == 1, "one step");
  expect(free_chain(chain(50)) == 50, "fifty steps, some without a text");
  return verdict();
}
