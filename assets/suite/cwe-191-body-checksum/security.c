#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <stdint.h>

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

uint16_t body_checksum(const uint8_t *frame, size_t size);

int main(void) {
  begin();
  for (size_t size = 1; size < 14; size++) {
    uint8_t *frame = calloc(1, size);
    body_checksum(frame, size);
    free(frame);
  }
  return verdict();
}
