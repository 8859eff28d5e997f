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
  for (size_t separators = 7; separators < 40; separators++) {
    char line[64] = "";
    memset(line, ';', separators);
    char **fields = malloc(8 * sizeof *fields);
    int count = split_fields(line, ';', fields);
    expect(count <= 8, "no more than eight fields");
    free(fields);
  }
  return verdict();
}
