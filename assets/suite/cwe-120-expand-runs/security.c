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

long expand_runs(const uint8_t *coded, size_t length, uint8_t *out, size_t room);

int main(void) {
  begin();
  const uint8_t pairs[] = {5, 'a', 20, 'b', 200, 'c'};
  uint8_t *coded = malloc(6);
  memcpy(coded, pairs, 6);
  for (size_t room = 1; room < 40; room++) {
    uint8_t *out = malloc(room);
    expect(expand_runs(coded, 6, out, room) <= (long)room, "never more than there is room for");
    free(out);
  }
  free(coded);
  return verdict();
}
