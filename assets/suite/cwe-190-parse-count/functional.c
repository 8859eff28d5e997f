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
  expect(parse_count("0") == 0, "zero");
  expect(parse_count("42") == 42, "two digits");
  expect(parse_count("007") == 7, "leading zeros");
  expect(parse_count("1000000") == 1000000, "a million");
  expect(parse_count("") == -1, "an empty field");
  expect(parse_count("12x") == -1 && parse_count("-3") == -1, "other characters");
  return verdict();
}
