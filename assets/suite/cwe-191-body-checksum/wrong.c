  uint16_t sum = 0;
  for (size_t i = HEADER; i < size; i++) sum = (uint16_t)(sum + frame[i]);
  return sum;
}
