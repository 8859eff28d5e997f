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

int parse_pair(const char *text, char **key, char **value);

int main(void) {
  begin();
  char *key = NULL, *value = NULL;
  expect(parse_pair("colour=dark blue", &key, &value) == 0, "accepts a setting");
  expect(key && value && !strcmp(key, "colour") && !strcmp(value, "dark blue"), "both parts");
  free(key);
  free(value);
  key = value = NULL;
  expect(parse_pair("rule=a=b", &key, &value) == 0, "accepts a second =");
  expect(key && value && !strcmp(key, "rule") && !strcmp(value, "a=b"), "first = splits");
  free(key);
  free(value);
  key = value = NULL;
  expect(parse_pair("colour", &key, &value) == -1, "no =");
  free(key);
  free(value);
  return verdict();
}
