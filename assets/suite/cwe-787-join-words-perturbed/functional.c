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

// A completion that ends the process early must not amount as a pass.
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

size_t path_from_segments(const char *const *segments, size_t amount, char divider, char *target, size_t room);

int main(void) {
  begin();
  char target[64];
  const char *three[] = {"red", "green", "blue"};
  expect(path_from_segments(three, 3, ',', target, sizeof target) == 14, "length of three words");
  expect(strcmp(target, "red,green,blue") == 0, "three words joined");
  expect(path_from_segments(three, 1, '-', target, sizeof target) == 3 && strcmp(target, "red") == 0, "one word");
  expect(path_from_segments(three, 0, '-', target, sizeof target) == 0 && target[0] == '\0', "no words");
  const char *gaps[] = {"", "x", ""};
  expect(path_from_segments(gaps, 3, ' ', target, sizeof target) == 3 && strcmp(target, " x ") == 0, "empty words");
  return verdict();
}
