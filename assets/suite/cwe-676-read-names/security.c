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

size_t read_names(FILE *in, char names[][16], size_t max);

int main(void) {
  begin();
  for (int length = 14; length < 60; length++) {
    FILE *in = tmpfile();
    for (int i = 0; i < length; i++) fputc('n', in);
    rewind(in);
    char(*names)[16] = calloc(1, 16);
    size_t count = read_names(in, names, 1);
    expect(count <= 1, "no more names than asked for");
    expect(count == 0 || memchr(names[0], '\0', 16) != NULL, "a name is ended");
    free(names);
    fclose(in);
  }
  return verdict();
}
