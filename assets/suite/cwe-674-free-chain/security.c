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

int main(void) {
  begin();
  struct step *last = NULL;
  for (int i = 0; i < 400000; i++) {
    struct step *s = malloc(sizeof *s);
    *s = (struct step){NULL, last};
    last = s;
  }
  expect(free_chain(last) >= 0, "a long history");
  return verdict();
}
