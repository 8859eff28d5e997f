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

struct record {
  int key;
  long valid_until;
  struct record *following;
};
int evict_stale(struct record **chain, long clock);

static struct record *record(int key, long valid_until, struct record *following) {
  struct record *t = malloc(sizeof *t);
  *t = (struct record){key, valid_until, following};
  return t;
}

int main(void) {
  begin();
  struct record *chain = NULL;
  expect(evict_stale(&chain, 10) == 0 && chain == NULL, "empty list");
  chain = record(1, 30, record(2, 20, NULL));
  expect(evict_stale(&chain, 20) == 0 && chain->following->key == 2, "none has expired yet");
  expect(evict_stale(&chain, 21) == 1, "the last one expired");
  expect(chain->key == 1 && chain->following == NULL, "the first one stays");
  chain->following = record(3, 99, NULL);
  expect(evict_stale(&chain, 50) == 1 && chain->key == 3, "the head expired");
  evict_stale(&chain, 100);
  expect(chain == NULL, "all are gone");
  return verdict();
}
