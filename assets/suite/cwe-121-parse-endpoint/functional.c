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

struct endpoint {
  int port;
  char host[32];
};
int parse_endpoint(const char *text, struct endpoint *out);

int main(void) {
  begin();
  struct endpoint e;
  expect(parse_endpoint("db.internal:5432", &e) == 0, "accepts host and port");
  expect(strcmp(e.host, "db.internal") == 0 && e.port == 5432, "host and port");
  expect(parse_endpoint("example.org", &e) == 0, "accepts a bare host");
  expect(strcmp(e.host, "example.org") == 0 && e.port == 80, "default port");
  expect(parse_endpoint("a:1", &e) == 0 && strcmp(e.host, "a") == 0 && e.port == 1, "short host");
  return verdict();
}
