  memset(bins, 0, BINS * sizeof bins[0]);
  for (size_t i = 0; i < count; i++) {
    if (readings[i] >= 0 && readings[i] < BINS) bins[readings[i]]++;
  }
}
