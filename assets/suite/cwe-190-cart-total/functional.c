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
  const struct cart_item cart[] = {{250, 2}, {999, 1}, {5, 100}};
  expect(cart_total(cart, 0) == 0, "an empty cart");
  expect(cart_total(cart, 1) == 500, "a quantity of two");
  expect(cart_total(cart, 3) == 1999, "three items");
  const struct cart_item large[] = {{100000, 10000}, {7, 0}};
  expect(cart_total(large, 2) == 1000000000, "a large order and a quantity of zero");
  return verdict();
}
