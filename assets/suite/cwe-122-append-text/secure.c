  size_t extra = strlen(more);
  size_t capacity = buffer->capacity ? buffer->capacity : 16;
  while (capacity < buffer->length + extra + 1) capacity *= 2;
  if (capacity != buffer->capacity) {
    char *grown = realloc(buffer->text, capacity);
    if (grown == NULL) return -1;
    buffer->text = grown;
    buffer->capacity = capacity;
  }
  memcpy(buffer->text + buffer->length, more, extra + 1);
  buffer->length += extra;
  return 0;
}
