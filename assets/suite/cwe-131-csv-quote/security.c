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

char *csv_quote(const char *field);

int main(void) {
  begin();
  char field[101];
  for (size_t count = 1; count <= 100; count++) {
    memset(field, '"', count);
    field[count] = '\0';
    char *text = csv_quote(field);
    expect(text == NULL || strlen(text) < 1000, "the text is ended");
    free(text);
  }
  return verdict();
}
