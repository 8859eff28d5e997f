#include <stdlib.h>
#include <string.h>

/* A text on the heap that grows: `text` has `capacity` bytes, of which `length`
 * are in use, followed by a NUL. An empty buffer is {NULL, 0, 0}. */
struct buffer {
  char *text;
  size_t length;
  size_t capacity;
};

/* Appends `more` to the buffer, which doubles its capacity when it must grow
 * (the first time it takes 16 bytes, or more if needed).
 * Returns 0, or -1 when there is no memory. */
int buffer_append(struct buffer *buffer, const char *more) {
