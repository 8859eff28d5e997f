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
  char text[128];
  for (size_t length = 30; length <= 100; length++) {
    memset(text, 'h', length);
    strcpy(text + length, length % 2 ? ":443" : "");
    struct endpoint *e = calloc(1, sizeof *e);
    if (parse_endpoint(text, e) == 0)
      expect(memchr(e->host, '\0', sizeof e->host) != NULL, "an accepted host is ended");
    free(e);
  }
  return verdict();
}
