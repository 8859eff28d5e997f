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

static int reads;

static int entry(void *table, int position) {
  reads++;
  return ((int *)table)[position];
}

int main(void) {
  begin();
  int table[] = {2, 3, 5, 7, 11, 13, 17};
  expect(find_sorted(table, entry, 0, 6, 11) == 4, "an entry in the middle");
  expect(find_sorted(table, entry, 0, 6, 2) == 0, "the first");
  expect(find_sorted(table, entry, 0, 6, 17) == 6, "the last");
  expect(find_sorted(table, entry, 0, 6, 6) == -1, "no such entry");
  expect(find_sorted(table, entry, 1, 3, 11) == -1, "outside of the range");
  static int large[5000];
  for (int i = 0; i < 5000; i++) large[i] = 3 * i;
  reads = 0;
  expect(find_sorted(large, entry, 0, 4999, 3 * 4321) == 4321 && reads < 60, "few reads");
  return verdict();
}
