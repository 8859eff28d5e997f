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

char *badge_text(const char *name, const char *company);

static int is(const char *name, const char *company, const char *wanted) {
  char *text = badge_text(name, company);
  int same = text != NULL && strcmp(text, wanted) == 0;
  free(text);
  return same;
}

int main(void) {
  begin();
  expect(is("Ada King", "Engine Works", "ADA KING (Engine Works)"), "name and company");
  expect(is("bob", NULL, "BOB"), "no company");
  expect(is("bob", "", "BOB"), "an empty company");
  expect(is("", "Works", " (Works)"), "an empty name");
  return verdict();
}
