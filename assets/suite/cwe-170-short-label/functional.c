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

struct channel {
  int number;
  char label[8];
};
void set_short_label(struct channel *channel, const char *text);

int main(void) {
  begin();
  struct channel c = {3, "old"};
  set_short_label(&c, "temp");
  expect(strcmp(c.label, "temp") == 0 && c.number == 3, "a short text");
  set_short_label(&c, "a b c");
  expect(strcmp(c.label, "a_b_c") == 0, "blanks");
  set_short_label(&c, "pressure of the tank");
  expect(memcmp(c.label, "pressur", 7) == 0, "as much as fits");
  set_short_label(&c, "");
  expect(c.label[0] == '\0', "no text");
  return verdict();
}
