  size_t produced = 0;
  if (length % 2 != 0 || room == 0) return -1;
  for (size_t i = 0; i + 1 < length; i += 2) {
    for (int run = 0; run < coded[i]; run++) out[produced++] = coded[i + 1];
  }
  return (long)produced;
}
