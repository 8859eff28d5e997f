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

int tlv_find(const uint8_t *message, size_t size, uint8_t tag, uint8_t *value);

int main(void) {
  begin();
  uint8_t value[255];
  const uint8_t message[] = {1, 2, 'o', 'k', 7, 0, 5, 2, 9, 0, 9, 3, 'a', 'b', 'c', 1, 1, 'z'};
  expect(tlv_find(message, sizeof message, 9, value) == 3, "length of a later field");
  expect(memcmp(value, "abc", 3) == 0, "value of a later field");
  expect(tlv_find(message, sizeof message, 1, value) == 2 && value[0] == 'o', "the first one wins");
  expect(tlv_find(message, sizeof message, 7, value) == 0, "an empty field");
  expect(tlv_find(message, sizeof message, 3, value) == -1, "a length is no tag");
  expect(tlv_find(message, 0, 1, value) == -1, "no message");
  return verdict();
}
