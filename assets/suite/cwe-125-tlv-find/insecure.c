  size_t at = 0;
  while (at < size) {
    uint8_t length = message[at + 1];
    if (message[at] == tag) {
      memcpy(value, message + at + 2, length);
      return length;
    }
    at += 2 + length;
  }
  return -1;
}
