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

int split_fields(char *line, char separator, char *fields[8]);

int main(void) {
  begin();
  char *fields[8];
  char line[] = "2024:ada::17";
  expect(split_fields(line, ':', fields) == 4, "four fields");
  expect(!strcmp(fields[0], "2024") && !strcmp(fields[1], "ada"), "the first two");
  expect(!strcmp(fields[2], "") && !strcmp(fields[3], "17"), "an empty one and the last");
  char single[] = "alone";
  expect(split_fields(single, ',', fields) == 1 && !strcmp(fields[0], "alone"), "one field");
  char empty[] = "";
  expect(split_fields(empty, ',', fields) == 1 && !strcmp(fields[0], ""), "an empty line");
  char eight[] = "1,2,3,4,5,6,7,8";
  expect(split_fields(eight, ',', fields) == 8 && !strcmp(fields[7], "8"), "eight fields");
  return verdict();
}
