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

struct message {
  char *body;
  struct message *next;
};
struct queue {
  struct message *head;
  struct message *tail;
  size_t length;
};
size_t queue_clear(struct queue *queue);

static void push(struct queue *q, const char *body) {
  struct message *m = malloc(sizeof *m);
  *m = (struct message){body ? strdup(body) : NULL, NULL};
  if (q->tail) q->tail->next = m;
  else q->head = m;
  q->tail = m;
  q->length++;
}

int main(void) {
  begin();
  struct queue empty = {NULL, NULL, 0};
  expect(queue_clear(&empty) == 0, "an empty queue");
  struct queue one = {NULL, NULL, 0};
  push(&one, "hello");
  expect(queue_clear(&one) == 1, "one message");
  struct queue several = {NULL, NULL, 0};
  push(&several, "a");
  push(&several, NULL);
  push(&several, "c");
  expect(queue_clear(&several) == 3, "three messages, one without a body");
  return verdict();
}
