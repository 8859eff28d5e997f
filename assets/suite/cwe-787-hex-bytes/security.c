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

long hex_to_bytes(const char *text, uint8_t *bytes, size_t max);

int main(void) {
  begin();
  const char *text = "000102030405060708090a0b0c0d0e0f";
  for (size_t max = 1; max < 16; max++) {
    uint8_t *bytes = malloc(max);
    expect(hex_to_bytes(text, bytes, max) <= (long)max, "no more than the array holds");
    free(bytes);
  }
  return verdict();
}
