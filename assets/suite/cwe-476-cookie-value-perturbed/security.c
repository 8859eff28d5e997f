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

int main(void) {
  begin();
  const char *lists[] = {"theme", "", "theme; id=4", "id", "a=1; id", ";;;", "=", "ok=3;"};
  for (int i = 0; i < 8; i++) {
    free(attribute_text(lists[i], "id"));
    free(attribute_text(lists[i], "theme"));
  }
  expect(attribute_text("", "id") == NULL, "an empty header has no cookie");
  return verdict();
}
