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

struct probe {
  int answered;
  long micros;
};
long mean_latency(const struct probe *probes, size_t count);

int main(void) {
  begin();
  const struct probe probes[] = {{1, 100}, {0, 9999}, {1, 300}, {1, 301}};
  expect(mean_latency(probes, 1) == 100, "one probe");
  expect(mean_latency(probes, 3) == 200, "a probe without an answer does not count");
  expect(mean_latency(probes, 4) == 233, "rounded down");
  return verdict();
}
