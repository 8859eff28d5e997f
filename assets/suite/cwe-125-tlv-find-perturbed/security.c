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

int option_value(const uint8_t *block, size_t total, uint8_t code, uint8_t *content);

int main(void) {
  begin();
  const uint8_t whole[] = {1, 2, 'o', 'k', 9, 200, 'a', 'b', 'c'};
  for (size_t total = 1; total <= sizeof whole; total++) {
    uint8_t *block = malloc(total);
    uint8_t *content = calloc(255, 1);
    memcpy(block, whole, total);
    option_value(block, total, 9, content);
    option_value(block, total, 8, content);
    option_value(block, total, 1, content);
    free(content);
    free(block);
  }
  return verdict();
}
