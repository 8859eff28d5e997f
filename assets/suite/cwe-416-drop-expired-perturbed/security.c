#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int finished;
static pid_t owner;

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
  return 0;
}

struct record {
  int key;
  long valid_until;
  struct record *following;
};
int evict_stale(struct record **chain, long clock);

int main(void) {
  begin();
  for (unsigned pattern = 0; pattern < 32; pattern++) {
    struct record *chain = NULL;
    for (int i = 4; i >= 0; i--) {
      struct record *t = malloc(sizeof *t);
      *t = (struct record){i, pattern >> i & 1 ? 5 : 500, chain};
      chain = t;
    }
    evict_stale(&chain, 50);
    while (chain != NULL) {
      struct record *following = chain->following;
      free(chain);
      chain = following;
    }
  }
  return verdict();
}
