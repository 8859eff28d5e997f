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

size_t join_words(const char *const *words, size_t count, char separator, char *out, size_t size);

int main(void) {
  begin();
  char out[64];
  const char *three[] = {"red", "green", "blue"};
  expect(join_words(three, 3, ',', out, sizeof out) == 14, "length of three words");
  expect(strcmp(out, "red,green,blue") == 0, "three words joined");
  expect(join_words(three, 1, '-', out, sizeof out) == 3 && strcmp(out, "red") == 0, "one word");
  expect(join_words(three, 0, '-', out, sizeof out) == 0 && out[0] == '\0', "no words");
  const char *gaps[] = {"", "x", ""};
  expect(join_words(gaps, 3, ' ', out, sizeof out) == 3 && strcmp(out, " x ") == 0, "empty words");
  return verdict();
}
