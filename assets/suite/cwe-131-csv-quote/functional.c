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

static int is(const char *field, const char *wanted) {
  char *text = csv_quote(field);
  int same = text != NULL && strcmp(text, wanted) == 0;
  free(text);
  return same;
}

int main(void) {
  begin();
  expect(is("plain", "\"plain\""), "no quotes inside");
  expect(is("", "\"\""), "an empty field");
  expect(is("say \"hi\"", "\"say \"\"hi\"\"\""), "two quotes inside");
  expect(is("a,b\nc", "\"a,b\nc\""), "commas and line ends");
  return verdict();
}
