  size_t count = 0;
  struct message *message = queue->head;
  while (message != NULL) {
    struct message *next = message->next;
    free(message->body);
    free(message);
    message = next;
    count++;
  }
  queue->length = 0;
  return count;
}
