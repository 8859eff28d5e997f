  if (length % 2 != 0) return -1;
  size_t produced = 0;
  for (size_t i = 0; i + 1 < length; i += 2) {
    if (coded[i] > room - produced) return -1;
    memset(out + produced, coded[i + 1], coded[i]);
    produced += coded[i];
  }
  return (long)produced;
}
