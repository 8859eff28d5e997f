  if (size < 2) return -1;
  int16_t length = (int16_t)(record[0] | record[1] << 8);
  if (length > BODY_ROOM || length > size - 2) return -1;
  memcpy(body, record + 2, length);
  return length;
}
