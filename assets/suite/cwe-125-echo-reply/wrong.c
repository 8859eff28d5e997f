  if (size < 3 || request[0] != ECHO_REQUEST) return NULL;
  uint8_t *reply = malloc(size);
  if (reply == NULL) return NULL;
  memcpy(reply, request, size);
  reply[0] = ECHO_REPLY;
  *reply_size = size;
  return reply;
}
