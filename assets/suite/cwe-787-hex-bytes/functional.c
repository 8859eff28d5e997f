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
  uint8_t bytes[32];
  expect(hex_to_bytes("00ff7A", bytes, 32) == 3, "three bytes");
  expect(bytes[0] == 0 && bytes[1] == 255 && bytes[2] == 0x7a, "their values");
  expect(hex_to_bytes("", bytes, 32) == 0, "no text");
  expect(hex_to_bytes("abc", bytes, 32) == -1, "half a pair");
  expect(hex_to_bytes("0g", bytes, 32) == -1 && hex_to_bytes("x0", bytes, 32) == -1, "no digits");
  return verdict();
}
