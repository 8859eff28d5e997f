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
  const char *segments[] = {"alpha", "beta", "gamma"};
  for (size_t room = 1; room <= 17; room++) {
    char *target = malloc(room);
    path_from_segments(segments, 3, '/', target, room);
    expect(memchr(target, '\0', room) != NULL || room < 17, "text that fits is ended");
    free(target);
  }
  return verdict();
}
