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

struct ticket {
  int id;
  long expires;
  struct ticket *next;
};
int drop_expired(struct ticket **list, long now);

static struct ticket *ticket(int id, long expires, struct ticket *next) {
  struct ticket *t = malloc(sizeof *t);
  *t = (struct ticket){id, expires, next};
  return t;
}

int main(void) {
  begin();
  struct ticket *list = NULL;
  expect(drop_expired(&list, 10) == 0 && list == NULL, "empty list");
  list = ticket(1, 30, ticket(2, 20, NULL));
  expect(drop_expired(&list, 20) == 0 && list->next->id == 2, "none has expired yet");
  expect(drop_expired(&list, 21) == 1, "the last one expired");
  expect(list->id == 1 && list->next == NULL, "the first one stays");
  list->next = ticket(3, 99, NULL);
  expect(drop_expired(&list, 50) == 1 && list->id == 3, "the head expired");
  drop_expired(&list, 100);
  expect(list == NULL, "all are gone");
  return verdict();
}
