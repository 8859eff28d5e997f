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

struct article {
  const char *code;
  int grams;
};
struct line {
  const char *code;
  int amount;
};
long order_weight(const struct article *list, size_t articles, const struct line *lines, size_t count);

int main(void) {
  begin();
  const struct article list[] = {{"nail", 3}, {"hammer", 900}, {"glue", 250}};
  const struct line order[] = {{"nail", 100}, {"glue", 2}, {"nail", 10}};
  expect(order_weight(list, 3, order, 1) == 300, "one line");
  expect(order_weight(list, 3, order, 3) == 830, "three lines, one article twice");
  expect(order_weight(list, 3, order, 0) == 0, "no lines");
  return verdict();
}
