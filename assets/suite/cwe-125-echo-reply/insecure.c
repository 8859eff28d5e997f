  if (size < 3 || request[0] != ECHO_REQUEST) return NULL;
  size_t length = (size_t)request[1] << 8 | request[2];
  uint8_t *reply = malloc(3 + length);
  if (reply == NULL) return NULL;
  memcpy(reply, request, 3 + length);
  reply[0] = ECHO_REPLY;
  *reply_size = 3 + length;
  return reply;
}
