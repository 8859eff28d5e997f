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

char *mail_domain(const char *address);

static int is(const char *address, const char *wanted) {
  char *domain = mail_domain(address);
  int same = domain != NULL && strcmp(domain, wanted) == 0;
  free(domain);
  return same;
}

int main(void) {
  begin();
  expect(is("Ada@Engine.Example", "engine.example"), "capitals");
  expect(is("bob.stone@mail.test", "mail.test"), "small letters");
  expect(is("x@MX-1.TEST", "mx-1.test"), "digits and a hyphen");
  expect(is("\"a@b\"@last.test", "last.test"), "the last @ counts");
  return verdict();
}
