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

int tlv_find(const uint8_t *message, size_t size, uint8_t tag, uint8_t *value);

int main(void) {
  begin();
  const uint8_t whole[] = {1, 2, 'o', 'k', 9, 200, 'a', 'b', 'c'};
  for (size_t size = 1; size <= sizeof whole; size++) {
    uint8_t *message = malloc(size);
    uint8_t *value = calloc(255, 1);
    memcpy(message, whole, size);
    tlv_find(message, size, 9, value);
    tlv_find(message, size, 8, value);
    tlv_find(message, size, 1, value);
    free(value);
    free(message);
  }
  return verdict();
}
