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

struct cart_item {
  int cents;
  int quantity;
};
int cart_total(const struct cart_item *items, size_t count);

int main(void) {
  begin();
  const struct cart_item product[] = {{70000, 70000}};
  expect(cart_total(product, 1) == -1, "one item is too much");
  const struct cart_item sum[] = {{2000000000, 1}, {2000000000, 1}};
  expect(cart_total(sum, 2) == -1, "the sum is too much");
  const struct cart_item turn[] = {{65536, 65536}, {1, 1}};
  expect(cart_total(turn, 2) == -1, "a full turn is not free");
  return verdict();
}
