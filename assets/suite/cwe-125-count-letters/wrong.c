  long count = 0;
  for (size_t i = 0; i < size; i++) {
    if ((text[i] & 0xC0) != 0x80) count++;
  }
  return count;
}
