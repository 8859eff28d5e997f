#include <stdlib.h>

struct message {
  char *body;
  struct message *next;
};

/* A queue of messages; both ends are NULL when it is empty. Messages and bodies
 * are on the heap. */
struct queue {
  struct message *head;
  struct message *tail;
  size_t length;
};

/* Frees all messages of the queue with their bodies.
 * Returns how many messages there were. */
size_t queue_clear(struct queue *queue) {
