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

static int readable(const char *name) { return name == NULL || strlen(name) < 1000; }

int main(void) {
  begin();
  expect(readable(severity_name(6)), "just past the end");
  expect(readable(severity_name(-1)), "below zero");
  expect(readable(severity_name(1000000)), "far past the end");
  expect(readable(severity_name(-2147483647 - 1)), "far below zero");
  return verdict();
}
