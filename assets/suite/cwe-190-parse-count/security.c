#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

int parse_count(const char *field);

int main(void) {
  begin();
  expect(parse_count("2147483648") == -1, "one more than the largest int");
  expect(parse_count("4294967297") == -1, "one after a full turn");
  expect(parse_count("99999999999999999999999999") == -1, "a very long number");
  return verdict();
}
