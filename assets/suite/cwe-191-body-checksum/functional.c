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

uint16_t body_checksum(const uint8_t *frame, size_t size);

int main(void) {
  begin();
  uint8_t frame[8 + 600 + 4];
  memset(frame, 0xff, sizeof frame);
  expect(body_checksum(frame, 12) == 0, "an empty body");
  expect(body_checksum(frame, 13) == 255, "one byte");
  frame[8] = 1;
  frame[9] = 2;
  frame[10] = 3;
  expect(body_checksum(frame, 15) == 6, "three bytes");
  expect(body_checksum(frame, sizeof frame) == (6 + 597 * 255) % 65536, "modulo 65536");
  return verdict();
}
