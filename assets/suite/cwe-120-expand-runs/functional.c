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

long expand_runs(const uint8_t *coded, size_t length, uint8_t *out, size_t room);

int main(void) {
  begin();
  uint8_t out[600];
  const uint8_t icon[] = {3, 'a', 1, 'b', 2, 'c'};
  expect(expand_runs(icon, 6, out, sizeof out) == 6, "number of bytes");
  expect(memcmp(out, "aaabcc", 6) == 0, "expanded bytes");
  expect(expand_runs(icon, 0, out, sizeof out) == 0, "no data");
  const uint8_t zero[] = {0, 'x', 255, 'y', 2, 'z'};
  expect(expand_runs(zero, 6, out, sizeof out) == 257, "a count of zero and of 255");
  expect(out[0] == 'y' && out[254] == 'y' && out[255] == 'z', "bytes of a long run");
  return verdict();
}
