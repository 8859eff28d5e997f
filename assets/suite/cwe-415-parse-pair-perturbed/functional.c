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

int cut_label(const char *label, char **traveller, char **train);

int main(void) {
  begin();
  char *traveller = NULL, *train = NULL;
  expect(cut_label("colour=dark blue", &traveller, &train) == 0, "accepts a setting");
  expect(traveller && train && !strcmp(traveller, "colour") && !strcmp(train, "dark blue"), "both parts");
  free(traveller);
  free(train);
  traveller = train = NULL;
  expect(cut_label("rule=a=b", &traveller, &train) == 0, "accepts a second =");
  expect(traveller && train && !strcmp(traveller, "rule") && !strcmp(train, "a=b"), "first = splits");
  free(traveller);
  free(train);
  traveller = train = NULL;
  expect(cut_label("colour", &traveller, &train) == -1, "no =");
  free(traveller);
  free(train);
  return verdict();
}
