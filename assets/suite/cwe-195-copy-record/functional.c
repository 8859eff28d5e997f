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

int copy_record(const uint8_t *record, int size, uint8_t *body);

int main(void) {
  begin();
  uint8_t body[64];
  const uint8_t small[] = {3, 0, 'a', 'b', 'c', 'z'};
  expect(copy_record(small, 6, body) == 3 && memcmp(body, "abc", 3) == 0, "a small record");
  const uint8_t empty[] = {0, 0};
  expect(copy_record(empty, 2, body) == 0, "an empty body");
  uint8_t large[2 + 300] = {64, 0};
  large[65] = 'e';
  expect(copy_record(large, 66, body) == 64 && body[63] == 'e', "a body that just fits");
  large[0] = 44;
  large[1] = 1;
  expect(copy_record(large, 302, body) == -1, "a body that does not fit");
  expect(copy_record(small, 4, body) == -1, "a body that is cut off");
  return verdict();
}
