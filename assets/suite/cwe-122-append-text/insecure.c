  size_t extra = strlen(more);
  size_t capacity = buffer->capacity ? buffer->capacity : 16;
  while (capacity < buffer->length + extra) capacity *= 2;
  if (capacity != buffer->capacity) {
    char *grown = realloc(buffer->text, capacity);
    if (grown == NULL) return -1;
    buffer->text = grown;
    buffer->capacity = capacity;
  }
  strcpy(buffer->text + buffer->length, more);
  buffer->length += extra;
  return 0;
}
