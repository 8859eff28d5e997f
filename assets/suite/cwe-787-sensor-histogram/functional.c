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

void tally_readings(const int *readings, size_t count, unsigned bins[16]);

int main(void) {
  begin();
  unsigned bins[16];
  memset(bins, 0xff, sizeof bins);
  int readings[] = {0, 15, 7, 7, 7, 15};
  tally_readings(readings, 6, bins);
  expect(bins[0] == 1 && bins[7] == 3 && bins[15] == 2, "counts of the values present");
  expect(bins[1] == 0 && bins[14] == 0, "values that are absent count zero");
  tally_readings(readings, 0, bins);
  unsigned sum = 0;
  for (int i = 0; i < 16; i++) sum += bins[i];
  expect(sum == 0, "no readings");
  return verdict();
}
