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

int option_value(const uint8_t *block, size_t total, uint8_t code, uint8_t *content);

int main(void) {
  begin();
  uint8_t content[255];
  const uint8_t block[] = {1, 2, 'o', 'k', 7, 0, 5, 2, 9, 0, 9, 3, 'a', 'b', 'c', 1, 1, 'z'};
  expect(option_value(block, sizeof block, 9, content) == 3, "length of a later field");
  expect(memcmp(content, "abc", 3) == 0, "value of a later field");
  expect(option_value(block, sizeof block, 1, content) == 2 && content[0] == 'o', "the first one wins");
  expect(option_value(block, sizeof block, 7, content) == 0, "an empty field");
  expect(option_value(block, sizeof block, 3, content) == -1, "a length is no tag");
  expect(option_value(block, 0, 1, content) == -1, "no message");
  return verdict();
}
