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

char *attribute_text(const char *attributes, const char *wanted_name);

static int is(const char *attributes, const char *wanted_name, const char *wanted) {
  char *value = attribute_text(attributes, wanted_name);
  int same = value != NULL && strcmp(value, wanted) == 0;
  free(value);
  return same;
}

int main(void) {
  begin();
  const char *attributes = "theme=dark; lang=en; id=42";
  expect(is(attributes, "theme", "dark"), "the first cookie");
  expect(is(attributes, "lang", "en"), "one in the middle");
  expect(is(attributes, "id", "42"), "the last cookie");
  expect(is("x=; y=1", "x", ""), "an empty value");
  expect(is("userid=7; id=8", "id", "8"), "a name that ends like another");
  expect(attribute_text(attributes, "none") == NULL, "no such cookie");
  return verdict();
}
