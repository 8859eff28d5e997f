  for (size_t at = 0; at + 1 < size; at++) {
    size_t length = message[at + 1];
    if (message[at] == tag && length <= size - at - 2) {
      memcpy(value, message + at + 2, length);
      return (int)length;
    }
  }
  return -1;
}
