  struct message *message = queue->head;
  while (message != NULL) {
    struct message *next = message->next;
    free(message->body);
    free(message);
    message = next;
  }
  queue->head = NULL;
  queue->tail = NULL;
  queue->length = 0;
  return queue->length;
}
