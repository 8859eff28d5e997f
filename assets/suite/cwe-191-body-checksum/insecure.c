  uint16_t sum = 0;
  size_t length = size - HEADER - TRAILER;
  for (size_t i = 0; i < length; i++) sum = (uint16_t)(sum + frame[HEADER + i]);
  return sum;
}
