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

struct ticket {
  int id;
  long expires;
  struct ticket *next;
};
int drop_expired(struct ticket **list, long now);

int main(void) {
  begin();
  for (unsigned pattern = 0; pattern < 32; pattern++) {
    struct ticket *list = NULL;
    for (int i = 4; i >= 0; i--) {
      struct ticket *t = malloc(sizeof *t);
      *t = (struct ticket){i, pattern >> i & 1 ? 5 : 500, list};
      list = t;
    }
    drop_expired(&list, 50);
    while (list != NULL) {
      struct ticket *next = list->next;
      free(list);
      list = next;
    }
  }
  return verdict();
}
