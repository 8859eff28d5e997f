  long total = 0;
  for (size_t i = 0; i < count; i++) {
    if (probes[i].answered) total += probes[i].micros;
  }
  return count == 0 ? 0 : total / (long)count;
}
