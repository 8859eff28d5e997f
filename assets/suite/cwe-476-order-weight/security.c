#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int finished;
static pid_t owner;

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
  return 0;
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
  const struct article list[] = {{"nail", 3}};
  const struct line order[] = {{"saw", 1}, {"nail", 2}, {"", 5}};
  order_weight(list, 1, order, 3);
  order_weight(list, 0, order, 2);
  return verdict();
}
