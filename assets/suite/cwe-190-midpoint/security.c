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

typedef int (*read_entry)(void *table, int position);
int find_sorted(void *table, read_entry read, int first, int last, int wanted);

static int outside;

static int entry(void *table, int position) {
  (void)table;
  if (position < 2000000000) outside = 1;
  return position;
}

int main(void) {
  begin();
  find_sorted(NULL, entry, 2000000000, 2147483646, 2147483000);
  find_sorted(NULL, entry, 2000000000, 2147483646, 2000000001);
  expect(!outside, "only entries of the range are read");
  return verdict();
}
