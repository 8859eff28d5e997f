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
  const char *words[] = {"alpha", "beta", "gamma"};
  for (size_t size = 1; size <= 17; size++) {
    char *out = malloc(size);
    join_words(words, 3, '/', out, size);
    expect(memchr(out, '\0', size) != NULL || size < 17, "text that fits is ended");
    free(out);
  }
  return verdict();
}
