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

struct probe {
  int answered;
  long micros;
};
long mean_latency(const struct probe *probes, size_t count);

int main(void) {
  begin();
  const struct probe silent[] = {{0, 5}, {0, 7}};
  mean_latency(silent, 2);
  mean_latency(silent, 0);
  return verdict();
}
