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

size_t trim_end(char *line);

int main(void) {
  begin();
  const char *lines[] = {"", " ", "\n", " \t \n"};
  for (int i = 0; i < 4; i++) {
    char *line = strdup(lines[i]);
    expect(trim_end(line) <= 4, "the length of what is left");
    free(line);
  }
  return verdict();
}
