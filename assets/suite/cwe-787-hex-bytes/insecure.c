  size_t digits = strlen(text);
  if (digits % 2 != 0) return -1;
  for (size_t i = 0; i < digits / 2; i++) {
    int high = digit_value(text[2 * i]);
    int low = digit_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return -1;
    bytes[i] = (uint8_t)(high << 4 | low);
  }
  return (long)(digits / 2);
}
