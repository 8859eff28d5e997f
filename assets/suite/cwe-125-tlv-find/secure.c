  size_t at = 0;
  while (size - at >= 2) {
    size_t length = message[at + 1];
    if (length > size - at - 2) return -1;
    if (message[at] == tag) {
      memcpy(value, message + at + 2, length);
      return (int)length;
    }
    at += 2 + length;
  }
  return -1;
}
