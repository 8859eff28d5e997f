#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <stdint.h>

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

uint32_t low_mask(unsigned bits);

int main(void) {
  begin();
  expect(low_mask(0) == 0, "no bits");
  expect(low_mask(1) == 1 && low_mask(3) == 7, "some bits");
  expect(low_mask(16) == 0xffff, "half of the register");
  expect(low_mask(31) == 0x7fffffff, "all but the highest bit");
  return verdict();
}
