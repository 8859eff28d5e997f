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

int copy_record(const uint8_t *record, int size, uint8_t *body);

int main(void) {
  begin();
  const uint8_t lengths[][2] = {{0xff, 0xff}, {0, 0x80}, {0xf0, 0xff}, {65, 0}};
  for (int i = 0; i < 4; i++) {
    uint8_t *record = calloc(1, 70);
    uint8_t *body = malloc(64);
    memcpy(record, lengths[i], 2);
    expect(copy_record(record, 70, body) == -1, "a length that is no length");
    free(body);
    free(record);
  }
  return verdict();
}
