  long total = 0;
  long answered = 0;
  for (size_t i = 0; i < count; i++) {
    if (!probes[i].answered) continue;
    total += probes[i].micros;
    answered++;
  }
  return answered == 0 ? 0 : total / answered;
}
