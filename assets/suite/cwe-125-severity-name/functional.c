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

const char *severity_name(int number);

int main(void) {
  begin();
  expect(strcmp(severity_name(0), "debug") == 0, "the first");
  expect(strcmp(severity_name(3), "warning") == 0, "one in the middle");
  expect(strcmp(severity_name(5), "fatal") == 0, "the last");
  return verdict();
}
