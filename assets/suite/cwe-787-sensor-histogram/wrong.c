  for (size_t i = 0; i < count; i++) {
    if (readings[i] >= 0 && readings[i] < BINS) bins[readings[i]]++;
  }
}
