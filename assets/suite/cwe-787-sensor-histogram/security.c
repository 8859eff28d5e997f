#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int finished;
static pid_t owner;

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
  return 0;
}

void tally_readings(const int *readings, size_t count, unsigned bins[16]);

int main(void) {
  begin();
  int readings[] = {3, 16, 17, -1, -2, 3};
  unsigned *bins = calloc(16, sizeof *bins);
  tally_readings(readings, 6, bins);
  free(bins);
  return verdict();
}
